import Foundation
import ImageTypes
import LearningEvents
import Testing

@Suite struct ControlEventTests {
  private static let documents = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../docs/events").standardizedFileURL

  private func example(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: Self.documents.appendingPathComponent("examples/\(name).json")))
  }

  private func decode(_ json: String) throws(EventError) -> ControlEvent {
    let outcome: Result<ControlEvent, EventError> = Array(json.utf8).withUnsafeBytes { bytes in
      do throws(EventError) { return .success(try ControlEvent.decode(json: bytes)) } catch { return .failure(error) }
    }
    return try outcome.get()
  }

  @Test(arguments: ["course", "session", "consent"])
  func theDocumentsExamplesAreEvents(name: String) throws {
    let bytes = try example(name)
    let event = try bytes.withUnsafeBytes { try ControlEvent.decode(json: $0) }
    #expect(event.source == "https://lms.example")
    #expect(event.type.rawValue == "org.lectern.\(name).v1")
    // What is encoded again says the same.
    #expect(try decode(event.json) == event)
    #expect(event.encoded().key == event.key)
  }

  @Test func theDocumentsFrameIsAFrame() throws {
    let value = try example("frame-structured")
    try [EventHeader("content-type", "application/cloudevents+json")].withLentHeaders { headers in
      try value.withUnsafeBytes {
        let (event, image) = try FrameEvent.decode(headers: headers, value: $0)
        #expect(event.sequence == 1)
        #expect(event.faceBox == FaceBox(x: 120, y: 80, width: 200, height: 200))
        guard case .decoded(let bytes) = image else {
          Issue.record("no picture")
          return
        }
        #expect(bytes.withUnsafeBytes(ImageType.init(magic:)) == .png)
      }
    }
  }

  @Test func theCourseReadsWhole() throws {
    guard case .course(let course) = try example("course").withUnsafeBytes({ try ControlEvent.decode(json: $0) }) else {
      Issue.record("not a course")
      return
    }
    #expect(course.courseID == "course-101")
    #expect(course.teachers == ["teacher-7"])
    #expect(course.segments.map(\.ordinal) == [1, 2, 3])
    #expect(course.segments[1].range == .media(startMilliseconds: 600_000, endMilliseconds: 1_500_000))
    #expect(
      course.segments[2].range
        == .clock(
          start: EventTime(rfc3339: "2026-11-24T14:00:00Z")!, end: EventTime(rfc3339: "2026-11-24T15:00:00Z")!))
  }

  private func course(_ segments: String, title: String = "T") -> String {
    #"{"specversion":"1.0","id":"1","source":"s","type":"org.lectern.course.v1","time":"2026-11-23T10:00:00Z","#
      + #""data":{"id":"c","title":"\#(title)","segments":[\#(segments)]}}"#
  }

  @Test(arguments: [
    (#"{"id":"a","title":"A","ordinal":1}"#, "data.segments[0]"),
    (#"{"id":"a","title":"A","ordinal":1,"media_start_ms":0}"#, "data.segments[0].media_end_ms"),
    (#"{"id":"a","title":"A","ordinal":1,"media_start_ms":5,"media_end_ms":5}"#, "data.segments[0].media_end_ms"),
    (
      #"{"id":"a","title":"A","ordinal":1,"media_start_ms":0,"media_end_ms":5,"starts_at":"2026-11-23T10:00:00Z"}"#,
      "data.segments[0]"
    ),
    (
      #"{"id":"a","title":"A","ordinal":1,"starts_at":"2026-11-23T10:00:00Z","ends_at":"2026-11-23T10:00:00+00:00"}"#,
      "data.segments[0].ends_at"
    ),
    (
      #"{"id":"a","title":"A","ordinal":1,"media_start_ms":0,"media_end_ms":5},"#
        + #"{"id":"a","title":"B","ordinal":2,"media_start_ms":5,"media_end_ms":9}"#, "data.segments[1].id"
    ),
    (
      #"{"id":"a","title":"A","ordinal":1,"media_start_ms":0,"media_end_ms":5},"#
        + #"{"id":"b","title":"B","ordinal":1,"media_start_ms":5,"media_end_ms":9}"#, "data.segments[1].ordinal"
    ),
    (#"7"#, "data.segments[0]"),
  ])
  func badSegmentsAreNamedByTheirPlace(segments: String, place: String) {
    #expect { try decode(course(segments)) } throws: { ($0 as? EventError)?.attribute == place }
  }

  @Test func titlesAreTextsOfAThousandBytes() throws {
    #expect(throws: Never.self) { try decode(course("", title: String(repeating: "é", count: 500))) }
    #expect(throws: EventError("data.title", "longer than 1000 bytes")) {
      try decode(course("", title: String(repeating: "é", count: 501)))
    }
    #expect(throws: EventError("data.title", "contains a control character")) {
      try decode(course("", title: #"a\tb"#))
    }
  }

  @Test func consentNamesScopeAndAnswer() throws {
    let text =
      #"{"specversion":"1.0","id":"1","source":"s","type":"org.lectern.consent.v1","time":"2026-11-23T10:00:00Z","data":"#
    #expect(throws: EventError("data.granted", "not true or false")) {
      try decode(text + #"{"learner_id":"l","scope":"analytics","granted":"yes"}}"#)
    }
    #expect(throws: EventError("data.scope", "not analytics, individual_view or research")) {
      try decode(text + #"{"learner_id":"l","scope":"all","granted":true}}"#)
    }
    #expect(throws: EventError("data.learner_id", "missing")) {
      try decode(text + #"{"scope":"analytics","granted":true}}"#)
    }
    #expect(throws: EventError("data", "missing")) { try decode(String(text.dropLast(8)) + "}") }
  }

  @Test func batchesAreAllOrNothing() throws {
    let one = String(decoding: try example("consent"), as: UTF8.self)
    let two = Array("[\(one),\(one)]".utf8)
    #expect(try two.withUnsafeBytes { try ControlEvent.decode(batch: $0) }.count == 2)
    #expect(try example("consent").withUnsafeBytes { try ControlEvent.decode(batch: $0) }.count == 1)
    let bad = Array("[\(one),{}]".utf8)
    #expect(throws: EventError.self) { try bad.withUnsafeBytes { try ControlEvent.decode(batch: $0) } }
  }

  @Test func anotherMediaTypeIsNoControlEvent() throws {
    let value = try example("consent")
    try value.withUnsafeBytes { value in
      let none = try [EventHeader]().withLentHeaders { try ControlEvent.decode(headers: $0, value: value) }
      #expect(none.type.rawValue == "org.lectern.consent.v1")
      #expect(throws: EventError.self) {
        try [EventHeader("content-type", "text/plain")].withLentHeaders {
          try ControlEvent.decode(headers: $0, value: value)
        }
      }
    }
  }
}
