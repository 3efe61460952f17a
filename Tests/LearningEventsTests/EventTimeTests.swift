import LearningEvents
import Testing

@Suite struct EventTimeTests {
  @Test(
    arguments: [
      ("1970-01-01T00:00:00Z", 0),
      ("2026-11-23T10:20:30Z", 1_795_429_230_000_000),
      ("2026-11-23t10:20:30z", 1_795_429_230_000_000),
      ("2026-11-23T10:20:30.5Z", 1_795_429_230_500_000),
      ("2026-11-23T10:20:30.1234567Z", 1_795_429_230_123_456),
      ("2026-11-23T11:50:30+01:30", 1_795_429_230_000_000),
      ("2026-11-22T23:20:30-11:00", 1_795_429_230_000_000),
      ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
      ("2000-02-29T23:59:59-00:00", 951_868_799_000_000),
      ("9999-12-31T23:59:59.999999999Z", 253_402_300_799_999_999),
    ] as [(String, Int64)])
  func times(text: String, microseconds: Int64) {
    #expect(EventTime(rfc3339: text)?.microseconds == microseconds)
  }

  @Test(arguments: [
    "", "now", "2026-11-23", "2026-11-23T10:20:30", "2026-11-23 10:20:30Z", "2026-11-23T10:20Z", "2026-11-23T24:00:00Z",
    "2026-11-23T10:60:00Z", "2016-12-31T23:59:60Z", "2025-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-04-31T00:00:00Z", "2026-04-00T00:00:00Z",
    "2026-11-23T10:20:30.Z", "2026-11-23T10:20:30.1234567890Z", "2026-11-23T10:20:30,5Z", "2026-11-23T10:20:30+0100",
    "2026-11-23T10:20:30+24:00", "2026-11-23T10:20:30+01:60", "2026-11-23T10:20:30ZZ", "2026-11-23T10:20:30Z ",
    "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "12026-11-23T10:20:30Z",
    "+2026-11-23T10:20:30Z", "２026-11-23T10:20:30Z", "2026-1١-23T10:20:30Z",
  ])
  func notTimes(text: String) {
    #expect(EventTime(rfc3339: text) == nil)
  }

  @Test func everyDayOfTheRangeGoesBothWays() {
    var day = CalendarDay(daysSinceEpoch: 0)
    let last = EventTime.latest.day
    while day <= last {
      let (year, month, number) = day.components
      #expect(CalendarDay(year: year, month: month, day: number) == day)
      day = day.advanced(by: 17)
    }
    #expect(last.iso == "9999-12-31")
    #expect(CalendarDay(year: 2026, month: 2, day: 30) == nil)
  }

  @Test func textGoesBothWays() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let time = EventTime(microseconds: Int64.random(in: 0...EventTime.latest.microseconds, using: &generator))
      #expect(EventTime(rfc3339: time.rfc3339) == time)
    }
    #expect(EventTime(microseconds: 1_795_429_230_000_000).rfc3339 == "2026-11-23T10:20:30Z")
    #expect(EventTime(microseconds: 1_795_429_230_000_050).rfc3339 == "2026-11-23T10:20:30.000050Z")
  }

  @Test func arithmeticStaysInTheRange() {
    let time = EventTime(rfc3339: "2026-11-23T23:59:59.5Z")!
    #expect(time.advanced(by: .milliseconds(500)).rfc3339 == "2026-11-24T00:00:00Z")
    #expect(time.advanced(by: .milliseconds(-500)).rfc3339 == "2026-11-23T23:59:59Z")
    #expect(time.day.iso == "2026-11-23")
    #expect(time.day.start.rfc3339 == "2026-11-23T00:00:00Z")
    #expect(time.advanced(by: .seconds(Int64.max)) == .latest)
    #expect(time.advanced(by: .seconds(Int64.min)) == .earliest)
    #expect(time.duration(since: time.advanced(by: .seconds(-3))) == .seconds(3))
  }
}
