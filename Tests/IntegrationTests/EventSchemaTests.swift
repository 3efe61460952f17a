import Foundation
import ImageTypes
import LearningEvents
import Processes
import TestSupport
import Testing

/// The JSON Schemas of docs/events, judged by Python's jsonschema: by the cases the decoder is judged by, and by what
/// Lectern writes.
@Suite struct EventSchemaTests {
  private static let missing: Comment = "no Python with jsonschema (ops/bootstrap-tests.sh installs it)"

  private func validate(_ arguments: [String]) async throws -> ProcessResult {
    let python = try #require(await TestTools.python(with: "jsonschema"))
    let script = TestTools.root.appending(path: "docs/events/validate.py").path
    return try await ProcessLauncher().run(ChildCommand(python, [script] + arguments), deadline: .seconds(60))
  }

  @Test(.enabled(missing) { await TestTools.python(with: "jsonschema") != nil })
  func schemasSayWhatTheCasesSay() async throws {
    let result = try await validate(["cases"])
    #expect(result.status == .exited(0), "\(result.outputText)\(result.errorText)")
  }

  @Test(.enabled(missing) { await TestTools.python(with: "jsonschema") != nil })
  func examplesAreValidAndWhatIsNoEventIsNot() async throws {
    let folder = TestTools.root.appending(path: "docs/events/examples").path
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".json") }
    let frames = files.filter { $0.hasPrefix("frame") }
    #expect(frames.count == 1 && files.count == 4)
    for (kind, names) in [("frame", frames), ("control", files.filter { !frames.contains($0) })] {
      let paths = names.map { "\(folder)/\($0)" }
      let good = try await validate([kind] + paths)
      #expect(good.status == .exited(0), "\(good.outputText)\(good.errorText)")
      // A validator that accepts everything would be no judge.
      let other = try await validate([kind == "frame" ? "control" : "frame"] + paths)
      #expect(other.status == .exited(1))
    }
  }

  /// In words, not in the schema's regular expressions, some of which have hundreds of characters.
  @Test(.enabled(missing) { await TestTools.python(with: "jsonschema") != nil })
  func whatIsWrongIsSaidInWords() async throws {
    let consent = TestTools.root.appending(path: "docs/events/examples/consent.json")
    let text = try String(contentsOf: consent, encoding: .utf8)
    let time = try #require(text.firstMatch(of: #/"time": *"[^"]*"/#))
    let file = FileManager.default.temporaryDirectory.appending(path: "\(KafkaTestServer.unique("event")).json")
    defer { try? FileManager.default.removeItem(at: file) }
    for (slip, words) in [
      (#""time": "2026-11-29 06:06:53""#, "time: \"2026-11-29 06:06:53\" is not this: RFC 3339 with a zone"),
      (#""time": "2026-11-29T06:06:53Z\n""#, "has a line break or another control character"),
      ("\"time\": \"\(String(repeating: "9", count: 500))\"", "9999… is not this"),
    ] {
      try Data(text.replacing(time.output, with: slip).utf8).write(to: file)
      let result = try await validate(["control", file.path])
      #expect(result.status == .exited(1) && result.outputText.contains(words), "\(result.outputText)")
      let lines = result.outputText.split(separator: "\n")
      #expect(lines.allSatisfy { $0.count < 300 && !$0.contains("[0-9]") } && result.errorText.isEmpty, "\(result)")
    }
  }

  @Test(.enabled(missing) { await TestTools.python(with: "jsonschema") != nil })
  func whatLecternWritesIsValid() async throws {
    var generator = SystemRandomNumberGenerator()
    var lines: [String: [String]] = ["frame": [], "frame-headers": [], "control": []]
    for _ in 0..<200 {
      let (frame, image) = Self.randomFrame(&generator)
      lines["frame-headers"]?.append(try Self.line(frame.binaryHeaders))
      let structured = image.withUnsafeBytes { frame.encoded(image: $0, mode: .structured) }
      lines["frame"]?.append(String(decoding: structured.value, as: UTF8.self))
      lines["control"]? += Self.randomControl(&generator).map(\.json)
    }
    let folder = FileManager.default.temporaryDirectory.appending(path: KafkaTestServer.unique("events"))
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (kind, events) in lines {
      // No line separator of Unicode may split a line: Python's splitlines would.
      let file = folder.appending(path: "\(kind).jsonl")
      try Data(events.joined(separator: "\n").utf8).write(to: file)
      let result = try await validate([kind, file.path])
      #expect(result.status == .exited(0), "\(result.outputText.prefix(2000))\(result.errorText)")
    }
  }

  /// Python's hmac makes the vectors that Lectern's pseudonyms are judged by.
  @Test(.enabled("no Python") { await TestTools.python(with: "hmac") != nil })
  func theIdVectorsAreWhatTheirScriptWrites() async throws {
    let python = try #require(await TestTools.python(with: "hmac"))
    let events = TestTools.root.appending(path: "docs/events")
    let result = try await ProcessLauncher().run(
      ChildCommand(python, [events.appending(path: "make-id-vectors.py").path]), deadline: .seconds(30)
    ).requireSuccess()
    #expect(result.outputText == (try String(contentsOf: events.appending(path: "id-vectors.json"), encoding: .utf8)))
  }

  /// The AsyncAPI project's own schema is not part of this repository: where one is named, the document must satisfy
  /// it.
  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["LECTERN_TEST_ASYNCAPI_SCHEMA"] != nil,
      "only with a schema of AsyncAPI 3.0.0 (LECTERN_TEST_ASYNCAPI_SCHEMA)"))
  func theAsyncAPIDocumentIsOne() async throws {
    let python = try #require(await TestTools.python(with: "jsonschema"))
    let program = """
      import json, sys, jsonschema
      schema, document = (json.load(open(path)) for path in sys.argv[1:])
      for error in jsonschema.Draft7Validator(schema).iter_errors(document): print(list(error.path), error.message[:300])
      """
    let schema = try #require(ProcessInfo.processInfo.environment["LECTERN_TEST_ASYNCAPI_SCHEMA"])
    let document = TestTools.root.appending(path: "docs/events/asyncapi.json").path
    let result = try await ProcessLauncher().run(
      ChildCommand(python, ["-c", program, schema, document]), deadline: .seconds(60)
    ).requireSuccess()
    #expect(result.outputText.isEmpty)
  }

  private static func line(_ headers: [EventHeader]) throws -> String {
    let pairs = headers.map { ($0.name.text, String(decoding: $0.value, as: UTF8.self)) }
    return String(
      decoding: try JSONEncoder().encode(Dictionary(uniqueKeysWithValues: pairs)), as: UTF8.self)
  }

  /// Letters that take one to four bytes, quotes and what JSON escapes, but nothing that Python takes for a line's end.
  private static func text(_ limit: Int, _ generator: inout SystemRandomNumberGenerator) -> String {
    let letters = Array("az09 -_/:\"\\é ß学😀\u{A0}")
    return String(
      (0..<Int.random(in: 1...limit, using: &generator)).map { _ in letters.randomElement(using: &generator)! })
  }

  private static func time(_ generator: inout SystemRandomNumberGenerator) -> EventTime {
    EventTime(
      microseconds: .random(in: EventTime.earliest.microseconds...EventTime.latest.microseconds, using: &generator))
  }

  private static func randomFrame(_ generator: inout SystemRandomNumberGenerator) -> (FrameEvent, [UInt8]) {
    var frame = FrameEvent(
      id: EventID(text(50, &generator)), source: SourceID(text(50, &generator)),
      sessionID: SessionID(text(50, &generator)),
      sequence: .random(in: 0...Int32.max, using: &generator), learnerID: LearnerID(text(50, &generator)),
      courseID: CourseID(text(50, &generator)), capturedAt: time(&generator),
      imageType: Bool.random(using: &generator) ? .jpeg : .png)
    if Bool.random(using: &generator) { frame.segmentID = SegmentID(text(50, &generator)) }
    if Bool.random(using: &generator) {
      frame.mediaPositionMilliseconds = .random(in: 0...FrameEvent.mediaPositionLimit, using: &generator)
    }
    if Bool.random(using: &generator) {
      let corner = -FaceBox.limit...FaceBox.limit
      let side = 1...FaceBox.limit
      frame.faceBox = FaceBox(
        x: .random(in: corner, using: &generator), y: .random(in: corner, using: &generator),
        width: .random(in: side, using: &generator), height: .random(in: side, using: &generator))
    }
    let image = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
      UInt8.random(in: .min ... .max, using: &generator)
    }
    return (frame, image)
  }

  private static func randomControl(_ generator: inout SystemRandomNumberGenerator) -> [ControlEvent] {
    let segments = (0..<Int32.random(in: 0...3, using: &generator)).map { index in
      let start = Int64.random(in: 0..<FrameEvent.mediaPositionLimit, using: &generator)
      let day = EventTime(microseconds: .random(in: 0...2_000_000_000_000_000, using: &generator))
      return SegmentDefinition(
        id: "s\(index)", title: text(250, &generator), ordinal: index,
        range: Bool.random(using: &generator)
          ? .media(
            startMilliseconds: start,
            endMilliseconds: .random(in: (start + 1)...FrameEvent.mediaPositionLimit, using: &generator))
          : .clock(start: day, end: day.advanced(by: .seconds(60))))
    }
    return [
      .course(
        CourseEvent(
          eventID: EventID(text(50, &generator)), source: SourceID(text(50, &generator)), time: time(&generator),
          courseID: CourseID(text(50, &generator)), title: text(250, &generator),
          teachers: [TeacherID(text(50, &generator))],
          segments: segments)),
      .session(
        SessionEvent(
          eventID: EventID(text(50, &generator)), source: SourceID(text(50, &generator)), time: time(&generator),
          sessionID: SessionID(text(50, &generator)),
          frameIntervalMilliseconds: Bool.random(using: &generator)
            ? .random(in: 100...600_000, using: &generator) : nil,
          title: Bool.random(using: &generator) ? text(250, &generator) : nil)),
      .consent(
        ConsentEvent(
          eventID: EventID(text(50, &generator)), source: SourceID(text(50, &generator)), time: time(&generator),
          learnerID: LearnerID(text(50, &generator)),
          scope: ConsentEvent.Scope.allCases.randomElement(using: &generator)!,
          granted: .random(using: &generator))),
    ]
  }
}
