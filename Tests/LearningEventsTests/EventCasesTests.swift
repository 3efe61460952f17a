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
      headers = event.members.map { EventHeader(HeaderName($0.key), $0.value.string ?? "") }
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

  /// Every attribute that holds an id takes the bytes it is given: twins are told apart, and nothing is normalised.
  @Test func twinsAreTwoIdsInEveryAttribute() throws {
    for twins in try EventTwins.read() {
      let (one, other) = (try ids(twins.one), try ids(twins.other))
      #expect(one.count == 11 && one.allSatisfy { $0 == Array(twins.one.utf8) }, "\(twins.name)")
      #expect(other.count == 11 && other.allSatisfy { $0 == Array(twins.other.utf8) }, "\(twins.name)")
      let course = CourseEvent(
        eventID: "e", source: "s", time: .earliest, courseID: "c", title: "T",
        segments: [twins.one, twins.other].enumerated().map { index, id in
          SegmentDefinition(
            id: SegmentID(id), title: "T", ordinal: Int32(index),
            range: .media(startMilliseconds: 0, endMilliseconds: 1))
        })
      let decoded = try Array(ControlEvent.course(course).json.utf8).withUnsafeBytes {
        try ControlEvent.decode(json: $0)
      }
      #expect(decoded == .course(course), "\(twins.name)")
    }
  }

  /// The bytes of one id in all its places, after it was written and read in both modes and all control events.
  private func ids(_ text: String) throws -> [[UInt8]] {
    var frame = FrameEventTests.minimal
    (frame.source, frame.sessionID, frame.learnerID) = (SourceID(text), SessionID(text), LearnerID(text))
    (frame.courseID, frame.segmentID) = (CourseID(text), SegmentID(text))
    var found: [[UInt8]] = []
    for mode in FrameEvent.ContentMode.allCases {
      let record = [UInt8]().withUnsafeBytes { frame.encoded(image: $0, mode: mode) }
      let read = try record.headers.withLentHeaders { headers in
        try record.value.withUnsafeBytes { try FrameEvent.decode(headers: headers, value: $0).event }
      }
      #expect(read == frame)
      found += [Array(read.source.utf8), Array(read.sessionID.utf8), Array(read.learnerID.utf8)]
      found += [Array(read.courseID.utf8)]
    }
    let (source, time) = (SourceID(text), EventTime.earliest)
    let events: [ControlEvent] = [
      .course(
        CourseEvent(eventID: "e", source: source, time: time, courseID: CourseID(text), title: "T", segments: [])),
      .session(SessionEvent(eventID: "e", source: source, time: time, sessionID: SessionID(text))),
      .consent(
        ConsentEvent(
          eventID: "e", source: source, time: time, learnerID: LearnerID(text), scope: .analytics, granted: true)),
    ]
    for event in events {
      let read = try Array(event.json.utf8).withUnsafeBytes { try ControlEvent.decode(json: $0) }
      #expect(read == event)
      found.append(read.key)
    }
    return found
  }
}
