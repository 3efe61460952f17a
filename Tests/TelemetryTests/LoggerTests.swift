import Foundation
import LogCapturing
import Telemetry
import Testing

@Suite struct LoggerTests {
  @Test func dropsWhatIsBelowItsLevelUnevaluated() {
    let sink = CapturingLogSink()
    let logger = Logger(label: "test", level: .info, sink: sink)
    var evaluations = 0
    func count() -> MetadataValue {
      evaluations += 1
      return .int(1)
    }
    logger.debug("dropped", metadata: ["n": count()])
    #expect(sink.entries.isEmpty)
    #expect(evaluations == 0)
    logger.info("kept", metadata: ["n": count()])
    #expect(sink.messages == ["kept"])
    #expect(sink.entries[0]["n"] == .int(1))
  }

  @Test func linesCarryLabelAndMetadata() {
    let sink = CapturingLogSink()
    let logger = Logger(label: "worker", sink: sink).labelled("poll")
    logger.warning("lagging", metadata: ["lag": "\(5) records", "partition": .int(4)])
    #expect(sink.entries[0].label == "poll")
    #expect(sink.entries[0]["partition"] == .int(4))
    #expect(sink.entries[0]["lag"] == "5 records")
  }

  @Test func levelsHaveNames() {
    #expect(LogLevel(name: "Warning") == .warning)
    #expect(LogLevel(name: "loud") == nil)
    #expect(LogLevel.debug < .error)
  }
}

@Suite struct LogFormatTests {
  private func entry(_ metadata: [(key: String, value: MetadataValue)] = [], message: String = "stored") -> LogEntry {
    LogEntry(
      time: Date(timeIntervalSince1970: 1_795_435_200.25), level: .info, label: "worker", message: message,
      metadata: metadata)
  }

  @Test func humanLines() {
    let line = LogFormat.human(colour: false).line(entry([("n", .int(3)), ("text", "two words"), ("empty", "")]))
    #expect(line == #"2026-11-23T12:00:00.250Z info    worker: stored n=3 text="two words" empty="""#)
  }

  @Test func controlCharactersNeverReachATerminal() {
    let line = LogFormat.human(colour: false).line(entry([("text", "\u{1B}[31m\nred\u{9B}")]))
    #expect(line.hasSuffix(#"text="\u001b[31m\nred\u009b""#))
  }

  @Test func colourOnlyWhenAsked() {
    #expect(
      LogFormat.human(colour: true).line(entry([("n", .int(3))]))
        == "\u{1B}[2m2026-11-23T12:00:00.250Z\u{1B}[0m \u{1B}[32minfo   \u{1B}[0m worker: stored \u{1B}[2mn=\u{1B}[0m3")
    #expect(!LogFormat.human(colour: false).line(entry()).contains("\u{1B}"))
  }

  @Test func jsonLinesParse() throws {
    let line = LogFormat.json.line(
      entry([("a", .int(9)), ("b", .double(2.5)), ("d", "q\"\\\n\u{1}"), ("e", .double(.nan))]))
    #expect(!line.contains("\n"))
    let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    #expect(object["time"] as? String == "2026-11-23T12:00:00.250Z")
    #expect(object["level"] as? String == "info")
    #expect(object["logger"] as? String == "worker")
    #expect(object["message"] as? String == "stored")
    let data = try #require(object["data"] as? [String: Any])
    #expect(data["a"] as? Int == 9)
    #expect(data["b"] as? Double == 2.5)
    #expect(data["d"] as? String == "q\"\\\n\u{1}")
    #expect(data["e"] as? String == "nan")
  }
}
