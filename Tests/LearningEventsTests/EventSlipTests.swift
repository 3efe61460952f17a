import LearningEvents
import Testing

/// What an error says where somebody meant the right thing: it points at the slip.
@Suite struct EventSlipTests {
  private static let good: [EventHeader] = FrameEventTests.minimal.binaryHeaders

  private func error(_ headers: [EventHeader], value: String = "") -> EventError? {
    let value = Array(value.utf8)
    return headers.withLentHeaders { headers in
      value.withUnsafeBytes { value in
        do throws(EventError) {
          _ = try FrameEvent.decode(headers: headers, value: value)
          return nil
        } catch {
          return error
        }
      }
    }
  }

  private func changing(_ name: HeaderName, to other: EventHeader) -> [EventHeader] {
    Self.good.filter { $0.name != name } + [other]
  }

  @Test(arguments: [
    ("2026-11-29 06:06:53+00:00", "not an RFC 3339 time: a blank where T belongs"),
    ("2026-11-29T06:06:53", "not an RFC 3339 time: no zone (Z, or an offset such as +01:00)"),
    ("2026-11-29T06:06:53.123456", "not an RFC 3339 time: no zone (Z, or an offset such as +01:00)"),
    (
      "2026-11-29 06:06:53.5",
      "not an RFC 3339 time: a blank where T belongs, no zone (Z, or an offset such as +01:00)"
    ),
    ("2026-11-29T06:06Z", "not an RFC 3339 time: no seconds"),
    ("2026-11-29T06:06:53+0100", "not an RFC 3339 time: no colon in its zone"),
    ("2016-12-31T23:59:60Z", "not an RFC 3339 time: a leap second, which is not taken"),
    ("1795932413", "a number, not a time such as 2026-11-23T10:00:00Z"),
    ("1795932413123", "a number, not a time such as 2026-11-23T10:00:00Z"),
    ("2026-02-30T10:00:00Z", "not an RFC 3339 time of the years 1970–9999"),
    ("2026-13-01 10:00:00", "not an RFC 3339 time of the years 1970–9999"),
    ("yesterday", "not an RFC 3339 time of the years 1970–9999"),
    ("", "not an RFC 3339 time of the years 1970–9999"),
  ])
  func times(text: String, reason: String) {
    #expect(error(changing("ce_time", to: EventHeader("ce_time", text))) == EventError("ce_time", reason))
  }

  @Test func aTimeAsAJSONNumber() {
    let event = FrameEventTests.minimal.encoded(image: UnsafeRawBufferPointer(start: nil, count: 0), mode: .structured)
    let json = String(decoding: event.value, as: UTF8.self)
      .replacing(#""1970-01-01T00:00:00Z""#, with: "1795932413123")
    #expect(
      error(event.headers, value: json) == EventError("time", "a number, not a time such as 2026-11-23T10:00:00Z"))
  }

  @Test(arguments: [
    ("ce_sessionid", "ce-sessionid"), ("ce_sessionid", "ce_session_id"), ("ce_sessionid", "sessionid"),
    ("ce_sessionid", "ce_sessionId"), ("ce_learnerid", "ce_learnerId"), ("ce_specversion", "ce-specversion"),
    ("content-type", "Content-Type"), ("content-type", "content_type"), ("content-type", "ce_datacontenttype"),
  ])
  func namesThatAreNearlyRight(attribute: String, written: String) {
    let value = Self.good.first { $0.name == HeaderName(attribute) }!.value
    let headers = changing(HeaderName(attribute), to: EventHeader(name: HeaderName(written), value: value))
    #expect(
      error(headers) == EventError(attribute, "missing; \(written) is there, but the name must be exact"))
  }

  /// Whatever stands in a foreign header's name is not repeated.
  @Test func aNameThatIsNotPlainIsNotRepeated() throws {
    let odd = HeaderName("ce_session\u{1B}[2J_id")
    #expect(error(changing("ce_sessionid", to: EventHeader(odd, "s")))?.reason == "missing")
    let hidden = HeaderName("ce_\u{1B}_sessionid")
    #expect(
      error(changing("ce_sessionid", to: EventHeader(hidden, "s")))?.reason
        == "missing; a name like it is there, but the name must be exact")
  }

  @Test func mediaTypes() {
    func reason(_ type: String) -> String? {
      error(changing("content-type", to: EventHeader("content-type", type)))?.reason
    }
    #expect(reason("image/jpg") == "image/jpg is no media type: a JPEG is image/jpeg")
    #expect(reason("application/json")?.contains("a structured event is application/cloudevents+json") == true)
    #expect(reason("application/cloudevents-batch+json")?.contains("each record holds one event") == true)
    #expect(reason("image/gif") == "neither image/jpeg, image/png nor application/cloudevents+json")
  }

  @Test func textsInPlaceOfPictures() {
    #expect(error(Self.good, value: "data:image/jpeg;base64,/9j/4AAQ")?.reason.contains("a data URL") == true)
    #expect(error(Self.good, value: "/9j/4AAQSkZJRgABAQ==")?.reason.hasPrefix("base64") == true)
    #expect(error(Self.good, value: "iVBORw0KGgoAAAANSUhE")?.reason.hasPrefix("base64") == true)
    // Anything else is the recogniser's to judge.
    #expect(error(Self.good, value: "neither") == nil)
  }

  @Test(arguments: [
    ("data:image/png;base64,iVBORw0KGgo=", "a data URL: only what follows its comma belongs here"),
    ("iVBORw0KGgo_", "not base64 but its form for URLs: the characters are + and /"),
    ("iVBO\\nRw0KGgo=", "base64 with line breaks"), ("iVBORw0KGgo", "not base64"),
  ])
  func base64(text: String, reason: String) {
    let event = FrameEventTests.minimal.encoded(image: UnsafeRawBufferPointer(start: nil, count: 0), mode: .structured)
    let json =
      String(decoding: event.value.dropLast(), as: UTF8.self)
      .replacing(#","data_base64":"""#, with: "") + #","data_base64":"\#(text)"}"#
    #expect(error(event.headers, value: json) == EventError("data_base64", reason))
  }

  @Test func membersThatAreNearlyRight() {
    let bytes =
      Array(
        #"{"specversion":"1.0","id":"1","source":"s","time":"2026-11-23T10:00:00Z","type":"org.lectern.consent.v1","#
          .utf8) + Array(#""data":{"learnerId":"l","scope":"analytics","granted":true}}"#.utf8)
    #expect(throws: EventError("data.learner_id", "missing; learnerId is there, but the name must be exact")) {
      try bytes.withUnsafeBytes { try ControlEvent.decode(json: $0) }
    }
  }

  // MARK: Null headers

  /// Null is an absent attribute: an optional one is not there, a required one is missing.
  @Test func aHeaderWithoutAValueIsNotThere() throws {
    func decode(nulls: [String]) throws(EventError) -> FrameEvent {
      let outcome: Result<FrameEvent, EventError> = Self.good.withLentHeaders { headers in
        let names = nulls.map { Array($0.utf8) }
        func lend(
          _ names: ArraySlice<[UInt8]>, _ lent: [LentHeader]
        ) -> Result<FrameEvent, EventError> {
          guard let name = names.first else {
            return lent.withUnsafeBufferPointer { lent in
              Result { () throws(EventError) in
                try FrameEvent.decode(headers: lent, value: UnsafeRawBufferPointer(start: nil, count: 0)).event
              }
            }
          }
          return name.withUnsafeBytes { lend(names.dropFirst(), lent + [LentHeader(name: $0, value: nil)]) }
        }
        return lend(names[...], headers.filter { header in !names.contains { header.name.elementsEqual($0) } })
      }
      return try outcome.get()
    }
    let optional = ["ce_segmentid", "ce_facebox", "ce_mediaposms", "traceparent", "ce_unknown"]
    #expect(try decode(nulls: optional) == FrameEventTests.minimal)
    #expect(throws: EventError("ce_courseid", "missing")) { try decode(nulls: ["ce_courseid"]) }
  }

  /// Of a control record, too: without a media type, a specification or a type it is an event of structured mode.
  @Test(arguments: ["content-type", "ce_specversion", "ce_type", "ce-type"])
  func aControlHeaderWithoutAValueIsNotThere(name: String) throws {
    let value =
      Array(
        #"{"specversion":"1.0","id":"1","source":"s","time":"2026-11-23T10:00:00Z","type":"org.lectern.consent.v1","#
          .utf8) + Array(#""data":\#(Self.data)}"#.utf8)
    let event = try Array(name.utf8).withUnsafeBytes { name in
      try [LentHeader(name: name, value: nil)].withUnsafeBufferPointer { headers in
        try value.withUnsafeBytes { try ControlEvent.decode(headers: headers, value: $0) }
      }
    }
    #expect(event.id == "1")
  }

  // MARK: Control events in binary mode

  private func control(_ headers: [(String, String)], _ value: String) -> Result<ControlEvent, EventError> {
    let value = Array(value.utf8)
    return headers.map { EventHeader(HeaderName($0.0), $0.1) }.withLentHeaders { headers in
      value.withUnsafeBytes { value in
        Result { () throws(EventError) in try ControlEvent.decode(headers: headers, value: value) }
      }
    }
  }

  private static let revocation = [
    ("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_source", "https://lms.example"),
    ("ce_time", "2026-11-23T10:00:00Z"), ("ce_type", "org.lectern.consent.v1"),
  ]
  private static let data = #"{"learner_id":"l","scope":"analytics","granted":false}"#

  /// What an SDK's binary mode sends is the same event.
  @Test(arguments: ["application/json", "application/json; charset=utf-8", nil])
  func aRevocationInBinaryModeIsUnderstood(type: String?) throws {
    let event = try control(Self.revocation + (type.map { [("content-type", $0)] } ?? []), Self.data).get()
    #expect(
      event
        == .consent(
          ConsentEvent(
            eventID: "1", source: "https://lms.example", time: EventTime(rfc3339: "2026-11-23T10:00:00Z")!,
            learnerID: "l", scope: .analytics, granted: false)))
  }

  @Test func binaryControlEventsAreJudgedAsStrictly() {
    func reason(without name: String) -> EventError? {
      if case .failure(let error) = control(Self.revocation.filter { $0.0 != name }, Self.data) { error } else { nil }
    }
    for name in ["ce_specversion", "ce_id", "ce_source", "ce_time", "ce_type"] {
      #expect(reason(without: name) == EventError(name, "missing"))
    }
    for (headers, attribute) in [
      (Self.revocation + [("ce_id", "2")], "ce_id"),
      (Self.revocation + [("content-type", "text/plain")], "content-type"),
      ([("content-type", "application/json")], "content-type"),
    ] {
      guard case .failure(let error) = control(headers, Self.data) else {
        Issue.record("\(headers) was taken")
        continue
      }
      #expect(error.attribute == attribute)
    }
    guard case .failure(let error) = control(Self.revocation, #"{"learner_id":"l","scope":"all","granted":false}"#)
    else {
      Issue.record("a scope that is none was taken")
      return
    }
    #expect(error.attribute == "scope")
  }

  /// What HTTP's binding of CloudEvents calls its headers is the commonest slip on the control topic, too.
  @Test(arguments: [nil, "application/json"]) func attributesInAnotherSpelling(type: String?) {
    let headers = Self.revocation.map { ($0.0.replacing("_", with: "-"), $0.1) }
    guard case .failure(let error) = control(headers + (type.map { [("content-type", $0)] } ?? []), Self.data) else {
      Issue.record("it was taken")
      return
    }
    #expect(error == EventError("ce_specversion", "missing; ce-specversion is there, but the name must be exact"))
  }

  @Test func aControlEventOfTheFutureIsRefused() throws {
    let now = EventTime(rfc3339: "2026-11-23T10:00:00Z")!
    let event = try control(Self.revocation, Self.data).get()
    try event.check(recordedAt: now)
    try event.check(recordedAt: now.advanced(by: .seconds(-86_400)))
    #expect(throws: EventError.self) { try event.check(recordedAt: now.advanced(by: .seconds(-86_401))) }
  }

  // MARK: Warnings

  private func course(_ ranges: [SegmentDefinition.Range]) -> ControlEvent {
    .course(
      CourseEvent(
        eventID: "e", source: "s", time: .earliest, courseID: "c", title: "T",
        segments: ranges.enumerated().map { index, range in
          SegmentDefinition(id: SegmentID("s\(index)"), title: "T", ordinal: Int32(index + 1), range: range)
        }))
  }

  private func media(_ start: Int64, _ end: Int64) -> SegmentDefinition.Range {
    .media(startMilliseconds: start, endMilliseconds: end)
  }

  @Test func coursesThatAreHardlyMeant() {
    #expect(course([]).warnings.count == 1)
    #expect(course([media(0, 10), media(10, 20), media(20, 30)]).warnings.isEmpty)
    #expect(
      course([media(10, 20), media(0, 11)]).warnings
        == ["segments 1 and 2 overlap: a frame in both counts for the first alone"])
    // One that spans all the others, and two of the same range.
    #expect(course([media(0, 100), media(10, 20), media(30, 40)]).warnings.count == 2)
    #expect(course([media(0, 10), media(0, 10)]).warnings.count == 1)
    // By clock and by media position nothing overlaps.
    let clock = SegmentDefinition.Range.clock(start: .earliest, end: .earliest.advanced(by: .seconds(1)))
    #expect(course([media(0, 10), clock]).warnings.isEmpty)
    #expect(course([clock, clock]).warnings.count == 1)
  }

  // MARK: References

  @Test func whatAnLMSFindsItsRecordBy() {
    func reference(_ headers: [EventHeader], _ value: String = "") -> EventReference {
      let value = Array(value.utf8)
      return headers.withLentHeaders { headers in
        value.withUnsafeBytes { EventReference(headers: headers, value: $0) }
      }
    }
    #expect(
      reference(changing("ce_time", to: EventHeader("ce_time", "odd")))
        == EventReference(source: "s", courseID: "c", eventID: "f"))
    // An id that breaks its own rule is none.
    #expect(reference(changing("ce_source", to: EventHeader("ce_source", "a\nb"))).source == nil)
    #expect(
      reference([], #"{"specversion":"1.0","type":"t","id":"1","source":"s","courseid":"c","time":7}"#)
        == EventReference(source: "s", courseID: "c", eventID: "1"))
    let envelope = #"{"specversion":"1.0","id":"1","source":"s""#
    #expect(
      reference([], envelope + #","type":"org.lectern.course.v1","data":{"id":"c"}}"#)
        == EventReference(source: "s", courseID: "c", eventID: "1"))
    // A learner is never taken for a course.
    #expect(
      reference([], envelope + #","type":"org.lectern.consent.v1","data":{"id":"l","learner_id":"l"}}"#)
        == EventReference(source: "s", courseID: nil, eventID: "1"))
    // What is no CloudEvent may have anybody's id: the data of a session, or another program's record of a student.
    for foreign in [#"{"id":"session-9f2c","frame_interval_ms":10000}"#, #"{"id":"student-4711","source":"s"}"#] {
      #expect(reference([EventHeader("ce-id", "1")], foreign) == EventReference())
    }
    #expect(reference([], "no JSON") == EventReference())
  }

  // MARK: Files

  @Test func eventsInAFileAreJudgedOneByOne() {
    let json = """
      [{"specversion":"1.0","id":"1","source":"s","time":"2026-11-23T10:00:00Z","type":"org.lectern.course.v1",
        "data":{"id":"c","title":"T","segments":[]}},
       {"specversion":"1.0","id":"1","source":"s","time":"2026-11-23 10:00:00Z","type":"org.lectern.session.v1",
        "data":{"id":"s"}},
       {"content-type":"image/jpg"},
       {"ce_specversion":"1.0","ce_id":"1","ce_source":"s","ce_time":"2026-11-23T10:00:00Z",
        "ce_type":"org.lectern.consent.v1","content-type":"application/json"},
       {"ce_specversion":"1.0","ce_id":"1","ce_source":"s","ce-time":"2026-11-23T10:00:00Z",
        "ce_type":"org.lectern.session.v1"},
       {"specversion":"1.0","id":"1","source":"s","type":"org.lectern.frame.v1","time":"2026-11-23T10:00:00Z",
        "sessionid":"x","learnerid":"l","courseid":"c","sequence":1,"datacontenttype":"image/jpeg",
        "data_base64":"iVBORw0KGgo="}]
      """
    let found = Array(json.utf8).withUnsafeBytes(EventFile.judge)
    #expect(found.map(\.place) == ["[0]", "[1]", "[2]", "[3]", "[4]", "[5]"])
    #expect(found.map(\.kind) == [.course, nil, nil, .consent, nil, .frame])
    #expect(found.map { $0.error?.attribute } == [nil, "[1].time", "content-type", nil, "ce_time", nil])
    #expect(found.map(\.warnings.count) == [1, 0, 0, 0, 0, 1])
    #expect(found[5].warnings == ["what is called image/jpeg is a PNG; it is read as what it is"])
    let none = Array("no JSON".utf8).withUnsafeBytes(EventFile.judge)
    #expect(none.map(\.error) == [EventError("value", "not JSON")])
  }
}
