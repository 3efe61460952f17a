import Foundation
import LearningEvents
import Testing

/// The decoder against docs/events/cases.json. The JSON Schemas are judged by the same cases, in Python: where the two
/// say different things, the case says why.
@Suite struct EventCasesTests {
  struct Document: Decodable {
    let bases: [String: Base]
    let cases: [Case]
  }

  struct Base: Decodable {
    let kind: String
    let event: JSONTree
  }

  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let base: String
    let change: JSONTree?
    let valid: Bool
    let attribute: String?
    var testDescription: String { name }
  }

  static let document = Result {
    try JSONDecoder().decode(
      Document.self, from: Data(contentsOf: EventDocuments.folder.appending(path: "cases.json")))
  }

  private func decode(_ kind: String, _ event: JSONTree) throws(EventError) {
    let headers: [EventHeader]
    var value: [UInt8] = []
    if kind == "frame-headers" {
      headers = event.members.map { EventHeader($0.key, $0.value.string ?? "") }
    } else {
      headers = [EventHeader("content-type", "application/cloudevents+json")]
      value = (try? event.data).map(Array.init) ?? []
    }
    let outcome: Result<Void, EventError> = headers.withLentHeaders { lent in
      value.withUnsafeBytes { value in
        do throws(EventError) {
          if kind == "control" {
            _ = try ControlEvent.decode(headers: lent, value: value)
          } else {
            _ = try FrameEvent.decode(headers: lent, value: value)
          }
          return .success(())
        } catch {
          return .failure(error)
        }
      }
    }
    try outcome.get()
  }

  @Test func theDecoderSaysWhatTheCasesSay() throws {
    let document = try Self.document.get()
    #expect(document.cases.count > 250)
    #expect(Set(document.bases.values.map(\.kind)) == ["frame", "frame-headers", "control"])
    for one in document.cases {
      let base = try #require(document.bases[one.base])
      do throws(EventError) {
        try decode(base.kind, base.event.merged(with: one.change ?? .object([:])))
        #expect(one.valid, "\(one.name) was accepted")
      } catch {
        #expect(!one.valid && error.attribute == one.attribute, "\(one.name): \(error)")
      }
    }
  }
}
