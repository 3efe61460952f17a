import Configuration
import Testing

private enum Mode: String, CaseIterable, ConfigurationValue { case fast, slow }

@Suite struct ConfigurationValueTests {
  @Test(arguments: [
    ("500ms", Duration.milliseconds(500)), ("30s", .seconds(30)), ("2m", .seconds(120)), ("1h30m", .seconds(5400)),
    ("7d", .seconds(604_800)), ("0", .zero), ("0s", .zero),
  ])
  func durations(_ text: String, _ value: Duration) {
    #expect(Duration(configurationText: text) == value)
    #expect(Duration(configurationText: value.configurationText) == value)
  }

  @Test(arguments: ["", "5", "s", "-1s", "1.5s", "1s1m", "1s1s", "1 s", "99999999999999999999s", "200000000000d", "٣s"])
  func notDurations(_ text: String) { #expect(Duration(configurationText: text) == nil) }

  @Test func booleans() {
    #expect(["true", "Yes", "on", "1"].allSatisfy { Bool(configurationText: $0) == true })
    #expect(["false", "no", "OFF", "0"].allSatisfy { Bool(configurationText: $0) == false })
    #expect(Bool(configurationText: "maybe") == nil)
  }

  @Test func numbers() {
    #expect(Int(configurationText: "-12") == -12)
    #expect(Int(configurationText: "12.0") == nil)
    #expect(Int(configurationText: "99999999999999999999") == nil)
    #expect(Double(configurationText: "0.5") == 0.5)
    #expect(Double(configurationText: "nan") == nil)
    #expect(Double(configurationText: "inf") == nil)
  }

  @Test func sizes() {
    #expect(ByteCount(configurationText: "8MiB")?.bytes == 8 << 20)
    #expect(ByteCount(512).configurationText == "512")
    #expect(ByteCount(64 << 10).configurationText == "64KiB")
    #expect(ByteCount(configurationText: "8MB") == nil)
    #expect(ByteCount(configurationText: "9999999999999GiB") == nil)
  }

  @Test func enums() {
    #expect(Mode(configurationText: "slow") == .slow)
    #expect(Mode(configurationText: "Slow") == nil)
    #expect(Mode.configurationExpectation == "one of fast, slow")
  }

  @Test func pairs() {
    #expect([String: String](configurationText: "a=1, b=x=y") == ["a": "1", "b": "x=y"])
    #expect([String: String](configurationText: "a") == nil)
    #expect([String: String](configurationText: "a=1,a=2") == nil)
    #expect(["b": "2", "a": "1"].configurationText == "a=1,b=2")
  }
}
