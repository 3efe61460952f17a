import Foundation

/// Texts that are two ids, although they look alike or are canonically equivalent: docs/events/cases.json.
struct EventTwins: Decodable {
  let name: String
  let one: String
  let other: String

  static func read() throws -> [EventTwins] {
    struct Document: Decodable { let twins: [EventTwins] }
    let file = EventDocuments.folder.appending(path: "cases.json")
    return try JSONDecoder().decode(Document.self, from: Data(contentsOf: file)).twins
  }
}
