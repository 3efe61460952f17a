/// An instant in whole microseconds since 1970-01-01T00:00:00Z, without leap seconds, of the years 1970–9999.
package struct EventTime: Sendable, Hashable, Comparable {
  package let microseconds: Int64

  static let microsecondsPerDay: Int64 = 86_400_000_000

  /// 1970-01-01T00:00:00Z.
  package static let earliest = EventTime(microseconds: 0)
  /// 9999-12-31T23:59:59.999999Z.
  package static let latest = EventTime(microseconds: 253_402_300_799_999_999)

  /// Microseconds outside of the range become its nearest end.
  package init(microseconds: Int64) {
    self.microseconds = min(max(microseconds, 0), 253_402_300_799_999_999)
  }

  package static func < (a: EventTime, b: EventTime) -> Bool { a.microseconds < b.microseconds }

  /// The UTC day that holds this instant.
  package var day: CalendarDay {
    CalendarDay(daysSinceEpoch: Int32(microseconds / Self.microsecondsPerDay))
  }

  /// Whole milliseconds since 1970, rounded down.
  package var milliseconds: Int64 { microseconds / 1000 }

  /// Later by a duration (earlier if negative), whole microseconds, held within the range.
  package func advanced(by duration: Duration) -> EventTime {
    let (seconds, attoseconds) = duration.components
    let offset = Int128(seconds) * 1_000_000 + Int128(attoseconds / 1_000_000_000_000)
    return EventTime(microseconds: Int64(clamping: Int128(microseconds) + offset))
  }

  /// How long after `other` this instant is.
  package func duration(since other: EventTime) -> Duration { .microseconds(microseconds - other.microseconds) }
}

extension EventTime: CustomStringConvertible {
  package var description: String { rfc3339 }
}
