import Foundation
import LearningEvents
import Testing

/// docs/events/asyncapi.json: what it refers to exists, its examples are events, and Lectern writes what it describes.
@Suite struct AsyncAPITests {
  private let document: JSONTree
  private let messages: [String: JSONTree]

  init() throws {
    document = try EventDocuments.tree("asyncapi.json")
    messages = try #require(document.value(at: "components/messages")).members
  }

  /// Every `$ref` below a value, with the file it stands in.
  private func references(in tree: JSONTree, of file: String) -> [(file: String, reference: String)] {
    switch tree {
    case .object(let members):
      let own = members["$ref"]?.string.map { [(file, $0)] } ?? []
      return own + members.values.flatMap { references(in: $0, of: file) }
    case .array(let elements): return elements.flatMap { references(in: $0, of: file) }
    default: return []
    }
  }

  @Test func everyReferenceLeadsSomewhere() throws {
    var waiting = ["asyncapi.json"]
    var seen: Set<String> = []
    var count = 0
    while let file = waiting.popLast() {
      guard seen.insert(file).inserted else { continue }
      for (_, reference) in references(in: try EventDocuments.tree(file), of: file) {
        let parts = reference.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let target = parts[0].isEmpty ? file : parts[0].replacing("./", with: "")
        let tree = try EventDocuments.tree(target)
        if parts.count > 1 { #expect(tree.value(at: parts[1]) != nil, "\(file) refers to \(reference)") }
        waiting.append(target)
        count += 1
      }
    }
    #expect(count > 40)
    #expect(seen.count == 4)
  }

  @Test func theTopicsAreThePrograms() throws {
    let channels = try #require(document["channels"]).members
    #expect(channels["frames"]?["address"]?.string == EventTopics.frames.text)
    #expect(channels["control"]?["address"]?.string == EventTopics.control.text)
    #expect(channels["rejects"]?["address"]?.string == "lectern.rejects.v1")
    #expect(channels.count == 3)
    for channel in channels.values {
      #expect(channel.value(at: "bindings/kafka/topic") == channel["address"])
    }
    let used = channels.values.flatMap { ($0["messages"] ?? .null).members.values.compactMap { $0["$ref"]?.string } }
    #expect(Set(used) == Set(messages.keys.map { "#/components/messages/\($0)" }))
  }

  private func decodeFrame(_ headers: [EventHeader], _ value: [UInt8]) throws -> (FrameEvent, FrameImage) {
    try headers.withLentHeaders { headers in
      try value.withUnsafeBytes { value in
        let (event, image) = try FrameEvent.decode(headers: headers, value: value)
        return (event, image)
      }
    }
  }

  private func headers(_ example: JSONTree) -> [EventHeader] {
    (example["headers"] ?? .null).members.map { EventHeader(HeaderName($0.key), $0.value.string ?? "") }
  }

  @Test func theExamplesAreTheFilesBesideItAndDecode() throws {
    for (name, message) in messages where name != "frameBinary" {
      for example in (message["examples"] ?? .null).elements {
        let file = "examples/\(try #require(example["name"]?.string)).json"
        #expect(try EventDocuments.tree(file) == example["payload"], "\(name) and \(file) differ")
        let value = Array(try #require(example["payload"]).data)
        if name == "frameStructured" {
          _ = try decodeFrame(headers(example), value)
        } else {
          let event = try headers(example).withLentHeaders { headers in
            try value.withUnsafeBytes { try ControlEvent.decode(headers: headers, value: $0) }
          }
          #expect(event.type.rawValue == message["name"]?.string)
          #expect(event.type.rawValue.contains(name))
        }
      }
    }
  }

  /// The two frames of the document are one frame, and Lectern writes both exactly so.
  @Test func bothModesOfTheFrameSayTheSame() throws {
    let binary = try #require(messages["frameBinary"]?["examples"]?.elements.first)
    let structured = try #require(messages["frameStructured"]?["examples"]?.elements.first)
    let payload = try #require(structured["payload"])
    let (event, image) = try decodeFrame(headers(structured), Array(try payload.data))
    guard case .decoded(let picture) = image else {
      Issue.record("no picture")
      return
    }
    #expect(try decodeFrame(headers(binary), picture).0 == event)

    let written = picture.withUnsafeBytes { event.encoded(image: $0, mode: .binary) }
    #expect(Set(written.headers) == Set(headers(binary)))
    #expect(written.value == picture)
    let json = picture.withUnsafeBytes { event.encoded(image: $0, mode: .structured) }
    #expect(json.headers == headers(structured))
    let tree = try JSONDecoder().decode(JSONTree.self, from: Data(json.value))
    // Times may be spelled in more than one way.
    #expect(
      tree == payload.merged(with: .object(["time": .text(event.capturedAt.rfc3339)])))
  }

  @Test func headersStandInTheirSchemaAndAreAllOfThem() throws {
    let schema = try EventDocuments.tree("frame-headers.schema.json")
    let names = Set(try #require(schema["properties"]).members.keys)
    let full = FrameEventTests.frame.binaryHeaders.map(\.name.text)
    #expect(Set(full) == names)
    let required = Set(try #require(schema["required"]).elements.compactMap(\.string))
    #expect(required == Set(FrameEventTests.minimal.binaryHeaders.map(\.name.text)))
  }
}
