extension EventTime {
  /// An attribute's value as a time; the error says where the text departs from one, as far as that can be told.
  init(header bytes: UnsafeRawBufferPointer, _ attribute: String) throws(EventError) {
    guard let time = EventTime(rfc3339: bytes) else { throw EventError(attribute, TimeSlip.reason(of: bytes)) }
    self = time
  }

  /// Parses an RFC 3339 `date-time`; nil for anything else.
  ///
  /// Strict: four-digit years 1970–9999 (in UTC, after the offset), `T` between date and time, a zone (`Z` or `±hh:mm`)
  /// that must be there, days that exist. Fractions have 1–9 digits and are cut to microseconds. A leap second (`:60`)
  /// is refused: PostgreSQL would turn it into the next minute, and so change the identity's capture time.
  package init?(rfc3339: String) {
    var text = rfc3339
    let time = text.withUTF8 { EventTime(rfc3339: UnsafeRawBufferPointer($0)) }
    guard let time else { return nil }
    self = time
  }

  /// The same over ASCII bytes, as they stand in a header.
  package init?(rfc3339 bytes: UnsafeRawBufferPointer) {
    // 2026-11-23T10:00:00Z is the shortest, 2026-11-23T10:00:00.123456789+01:00 the longest.
    guard bytes.count >= 20, bytes.count <= 35 else { return nil }
    func digits(_ from: Int, _ count: Int) -> Int? {
      guard from + count <= bytes.count else { return nil }
      var value = 0
      for index in from..<(from + count) {
        let digit = bytes[index] &- UInt8(ascii: "0")
        guard digit <= 9 else { return nil }
        value = value * 10 + Int(digit)
      }
      return value
    }
    func has(_ character: Unicode.Scalar, at index: Int) -> Bool {
      index < bytes.count && bytes[index] == UInt8(ascii: character)
    }

    guard let year = digits(0, 4), has("-", at: 4), let month = digits(5, 2), has("-", at: 7), let day = digits(8, 2),
      has("T", at: 10) || has("t", at: 10), let hour = digits(11, 2), has(":", at: 13), let minute = digits(14, 2),
      has(":", at: 16), let second = digits(17, 2), hour <= 23, minute <= 59, second <= 59,
      let date = CalendarDay(year: year, month: month, day: day)
    else { return nil }

    var index = 19
    var micros = 0
    if has(".", at: index) {
      index += 1
      let start = index
      var scale = 100_000
      while index < bytes.count, case let digit = bytes[index] &- UInt8(ascii: "0"), digit <= 9 {
        micros += Int(digit) * scale
        scale /= 10
        index += 1
      }
      guard (1...9).contains(index - start) else { return nil }
    }

    var offsetMinutes = 0
    if has("Z", at: index) || has("z", at: index) {
      index += 1
    } else {
      let isWest = has("-", at: index)
      guard isWest || has("+", at: index), let hours = digits(index + 1, 2), has(":", at: index + 3),
        let minutes = digits(index + 4, 2), hours <= 23, minutes <= 59
      else { return nil }
      offsetMinutes = (hours * 60 + minutes) * (isWest ? -1 : 1)
      index += 6
    }
    guard index == bytes.count else { return nil }

    let seconds = Int64(date.daysSinceEpoch) * 86_400 + Int64((hour * 60 + minute - offsetMinutes) * 60 + second)
    let exact = seconds * 1_000_000 + Int64(micros)
    guard exact >= EventTime.earliest.microseconds, exact <= EventTime.latest.microseconds else { return nil }
    self.init(microseconds: exact)
  }

  /// `2026-11-23T10:00:00Z`, with six digits of a fraction if there is one. Always UTC.
  package var rfc3339: String {
    let second = Int(microseconds / 1_000_000 % 86_400)
    let fraction = microseconds % 1_000_000
    let clock = [second / 3600, second / 60 % 60, second % 60].map { $0.padded(to: 2) }.joined(separator: ":")
    return "\(day.iso)T\(clock)\(fraction == 0 ? "" : "." + fraction.padded(to: 6))Z"
  }
}
