import ImageTypes
import LearningEvents
import StableHashing
import Testing

@Suite struct FrameEventTests {
  static let frame = FrameEvent(
    id: "frame-1", source: "https://lms.example", sessionID: "s-1", sequence: 7, learnerID: "Zoë/学生", courseID: "c-1",
    segmentID: "seg", mediaPositionMilliseconds: 12_500, faceBox: FaceBox(x: -3, y: 80, width: 200, height: 210),
    capturedAt: EventTime(rfc3339: "2026-11-23T10:00:01.25Z")!, imageType: .png,
    traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
  static let minimal = FrameEvent(
    id: "f", source: "s", sessionID: "x", sequence: 0, learnerID: "l", courseID: "c",
    capturedAt: EventTime(microseconds: 0), imageType: .jpeg)

  private func decode(_ headers: [EventHeader], _ value: [UInt8]) throws(EventError) -> (FrameEvent, FrameImage) {
    let outcome: Result<(FrameEvent, FrameImage), EventError> = headers.withLentHeaders { lent in
      value.withUnsafeBytes { value in
        do throws(EventError) {
          let (event, image) = try FrameEvent.decode(headers: lent, value: value)
          return .success((event, image))
        } catch { return .failure(error) }
      }
    }
    return try outcome.get()
  }

  private func headers(_ change: (inout [EventHeader]) -> Void) -> [EventHeader] {
    var headers = Self.frame.binaryHeaders
    change(&headers)
    return headers
  }

  private func setting(_ name: HeaderName, _ value: [UInt8]) -> [EventHeader] {
    headers { all in
      for index in all.indices where all[index].name == name { all[index].value = value }
    }
  }

  @Test(arguments: [frame, minimal], FrameEvent.ContentMode.allCases)
  func whatIsEncodedDecodes(frame: FrameEvent, mode: FrameEvent.ContentMode) throws {
    for size in [0, 1, 2, 3, 4, 1000] {
      let image = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 37) }
      let record = image.withUnsafeBytes { frame.encoded(image: $0, mode: mode) }
      #expect(record.key == Array(frame.sessionID.utf8))
      let (event, decoded) = try decode(record.headers, record.value)
      #expect(event == frame)
      #expect(decoded.byteCount == size)
      switch mode {
      case .binary:
        #expect(decoded == .recordValue(byteCount: size))
        #expect(record.value == image)
      case .structured: #expect(decoded == .decoded(image))
      }
    }
  }

  @Test(arguments: [
    "content-type", "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_sessionid", "ce_sequence",
    "ce_learnerid", "ce_courseid",
  ])
  func requiredHeaders(attribute: String) {
    let name = HeaderName(attribute)
    #expect(throws: EventError(attribute, "missing")) { try decode(headers { $0.removeAll { $0.name == name } }, []) }
    #expect(throws: EventError(attribute, "given twice")) {
      try decode(headers { $0.append(EventHeader(name, "again")) }, [])
    }
    #expect(throws: EventError.self) { try decode(setting(name, []), []) }
  }

  @Test(arguments: [
    ("ce_sequence", "-1"), ("ce_sequence", "2147483648"), ("ce_sequence", "1.0"), ("ce_sequence", "+1"),
    ("ce_sequence", " 1"), ("ce_sequence", "99999999999999999999"), ("ce_sequence", "١"), ("ce_mediaposms", "-1"),
    ("ce_mediaposms", "2147483648"), ("ce_facebox", "1,2,3"), ("ce_facebox", "1,2,3,4,5"), ("ce_facebox", "1,2,3,"),
    ("ce_facebox", "1,2,0,4"), ("ce_facebox", "1,2,-3,4"), ("ce_facebox", "1,2,3,65536"), ("ce_facebox", ",,,"),
    ("ce_facebox", "1.5,2,3,4"), ("ce_time", "yesterday"), ("ce_time", "2016-12-31T23:59:60Z"),
    ("ce_specversion", "0.3"), ("ce_type", "org.lectern.frame.v2"), ("content-type", "image/gif"),
    ("content-type", "image/jpegx"), ("content-type", "application/cloudevents-batch+json"),
    ("ce_learnerid", "a\u{0}b"), ("ce_learnerid", "a\u{7F}"), ("ce_learnerid", "a\u{85}"), ("ce_courseid", "\n"),
  ])
  func badValues(name: String, value: String) {
    #expect { try decode(setting(HeaderName(name), Array(value.utf8)), []) } throws: { error in
      guard let error = error as? EventError else { return false }
      // The detail is safe to store: it names the attribute and never repeats the value.
      return error.attribute == name && error.code == .badEvent && !(value.count > 2 && error.detail.contains(value))
    }
  }

  @Test func lengthsAndEncodingOfIds() throws {
    let name = "ce_sessionid"
    #expect(try decode(setting(HeaderName(name), Array(repeating: 0x61, count: 200)), []).0.sessionID.utf8.count == 200)
    #expect(throws: EventError(name, "longer than 200 bytes")) {
      try decode(setting(HeaderName(name), Array(repeating: 0x61, count: 201)), [])
    }
    #expect(throws: EventError(name, "longer than 200 bytes")) {
      try decode(setting(HeaderName(name), Array(String(repeating: "é", count: 101).utf8)), [])
    }
    for bytes: [UInt8] in [[0xFF], [0xC3], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80]] {
      #expect(throws: EventError(name, "not UTF-8")) { try decode(setting(HeaderName(name), bytes), []) }
    }
    // U+00A0 follows the control characters and is none.
    #expect(try decode(setting(HeaderName(name), Array("a\u{A0}".utf8)), []).0.sessionID == "a\u{A0}")
  }

  @Test func mediaTypesMayHaveParametersAndCapitals() throws {
    #expect(try decode(setting("content-type", Array("Image/JPEG; q=1".utf8)), []).0.imageType == .jpeg)
  }

  @Test func anotherTracesHeaderIsIgnoredUnlessWellFormed() throws {
    #expect(try decode(setting("traceparent", Array("nonsense".utf8)), []).0.traceparent == nil)
    let hop = "00-00000000000000000000000000000001-0000000000000002-00"
    #expect(try decode(headers { $0.append(EventHeader("traceparent", hop)) }, []).0.traceparent == hop)
    #expect(try decode(headers { $0.append(EventHeader("ce_unknown", "x")) }, []).0 == Self.frame)
  }

  private func structured(_ json: String) throws -> (FrameEvent, FrameImage) {
    try decode([EventHeader("content-type", "application/cloudevents+json; charset=UTF-8")], Array(json.utf8))
  }

  private static let text =
    #"{"specversion":"1.0","id":"1","source":"s","type":"org.lectern.frame.v1","time":"2026-11-23T10:00:00Z","#
    + #""sessionid":"x","learnerid":"l","courseid":"c","datacontenttype":"image\/png""#

  @Test func structuredModeTakesNumbersAndStringsAndEscapes() throws {
    for sequence in ["5", "\"5\"", "\"005\""] {
      let (event, image) = try structured(
        Self.text + #","sequence":\#(sequence),"data_base64":"\/\/\/\/","segmentid":null}"#)
      #expect(event.sequence == 5)
      #expect(event.segmentID == nil)
      #expect(image == .decoded([0xFF, 0xFF, 0xFF]))
    }
    #expect(try structured(Self.text + #","sequence":1}"#).1 == .decoded([]))
    #expect(try structured(Self.text + #","sequence":1,"segmentid":"\ud83d\ude00\u00e9"}"#).0.segmentID == "😀é")
  }

  @Test(arguments: [
    #","sequence":1,"data":{}}"#, #","sequence":1.5}"#, #","sequence":1e3}"#, #","sequence":true}"#, #"}"#,
    #","sequence":1,"data_base64":"a"}"#, #","sequence":1,"data_base64":"ab=c"}"#,
    #","sequence":1,"data_base64":"a==="}"#,
    #","sequence":1,"data_base64":"YQ= ="}"#, #","sequence":1,"data_base64":"YR=="}"#,
    #","sequence":1,"data_base64":7}"#,
    #","sequence":1,"segmentid":"\ud83d"}"#, #","sequence":1,"segmentid":"\u0000"}"#,
    #","sequence":1,"segmentid":"\x"}"#,
    #","sequence":1,"sequence":1}"#, #","sequence":1} x"#, #","sequence":01}"#, #","sequence":1,}"#,
    #","sequence":1,"facebox":[1,2,3,4]}"#, #","sequence":1,"id":"2"}"#,
  ])
  func badStructuredEvents(rest: String) {
    #expect(throws: EventError.self) { try structured(Self.text + rest) }
  }

  @Test func hugePicturesAreNotDecoded() throws {
    let base64 = String(repeating: "A", count: (FrameEvent.imageLimitBytes / 3 + 2) * 4)
    let (_, image) = try structured(Self.text + #","sequence":1,"data_base64":"\#(base64)"}"#)
    guard case .oversized(let count) = image else {
      Issue.record("decoded after all")
      return
    }
    #expect(count > FrameEvent.imageLimitBytes)
  }

  @Test func deepAndWideJSONIsRefused() {
    #expect(throws: EventError.self) { try structured(String(repeating: "[", count: 100_000)) }
    #expect(throws: EventError.self) { try structured("[" + String(repeating: "0,", count: 200_000) + "0]") }
    #expect(throws: EventError.self) { try structured("") }
    #expect(throws: EventError.self) { try structured("[]") }
  }

  /// Any bytes at all give an event or an error, never a crash. SplitMix64: a failure can be repeated.
  @Test func randomBytesNeverCrash() {
    var generator = SplitMix64(seed: 20_261_123)
    let image: [UInt8] = [1, 2, 3]
    let binary = image.withUnsafeBytes { Self.frame.encoded(image: $0) }
    let json = image.withUnsafeBytes { Self.frame.encoded(image: $0, mode: .structured) }
    var accepted = 0
    for round in 0..<20_000 {
      var record = round % 2 == 0 ? binary : json
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        if round % 2 == 0 {
          let index = Int.random(in: record.headers.indices, using: &generator)
          mutate(&record.headers[index].value, &generator)
        } else {
          mutate(&record.value, &generator)
        }
      }
      do {
        let (event, _) = try decode(record.headers, record.value)
        accepted += 1
        #expect((1...200).contains(event.sessionID.utf8.count) && event.sequence >= 0)
      } catch {
        #expect(!error.detail.isEmpty && error.detail.count <= 200)
      }
    }
    #expect(accepted > 100)
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 0...64, using: &generator)).map { _ in
        UInt8.random(in: .min ... .max, using: &generator)
      }
      #expect(throws: EventError.self) { try decode([EventHeader(name: "content-type", value: bytes)], bytes) }
      #expect(throws: EventError.self) { try bytes.withUnsafeBytes { try ControlEvent.decode(json: $0) } }
    }
  }

  private func mutate(_ bytes: inout [UInt8], _ generator: inout SplitMix64) {
    let byte = UInt8.random(in: .min ... .max, using: &generator)
    switch Int.random(in: 0..<4, using: &generator) {
    case 0 where !bytes.isEmpty: bytes[Int.random(in: bytes.indices, using: &generator)] = byte
    case 1: bytes.insert(byte, at: Int.random(in: 0...bytes.count, using: &generator))
    case 2 where !bytes.isEmpty: bytes.remove(at: Int.random(in: bytes.indices, using: &generator))
    default: bytes.removeLast(Int.random(in: 0...min(3, bytes.count), using: &generator))
    }
  }
}
