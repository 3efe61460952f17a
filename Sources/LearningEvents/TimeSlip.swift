/// How a text that is not an RFC 3339 time came about, as far as that can be told: the commonest slips are few.
enum TimeSlip {
  static let number = "a number, not a time such as 2026-11-23T10:00:00Z"
  private static let rule = "not an RFC 3339 time of the years 1970–9999"

  /// What is wrong with a text that `EventTime` does not take; never the text.
  static func reason(of bytes: UnsafeRawBufferPointer) -> String {
    guard bytes.count <= 40 else { return rule }
    var text = [UInt8](bytes)
    if !text.isEmpty, text.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: ".") }) { return number }
    // Mended step by step: where the result is a time, the steps are what is wrong.
    var slips: [String] = []
    if text.count > 10, text[10] == UInt8(ascii: " ") {
      text[10] = UInt8(ascii: "T")
      slips.append("a blank where T belongs")
    }
    if text.count >= 16, text[13] == UInt8(ascii: ":"), text.count == 16 || text[16] != UInt8(ascii: ":") {
      text.insert(contentsOf: Array(":00".utf8), at: 16)
      slips.append("no seconds")
    }
    if text.count >= 19, text[17...18].elementsEqual("60".utf8) {
      text[17...18] = [UInt8(ascii: "5"), UInt8(ascii: "9")]
      slips.append("a leap second, which is not taken")
    }
    // What follows the seconds and their fraction.
    let zone = text.dropFirst(19).drop { isDigit($0) || $0 == UInt8(ascii: ".") }
    if zone.isEmpty {
      text.append(UInt8(ascii: "Z"))
      slips.append("no zone (Z, or an offset such as +01:00)")
    } else if zone.count == 5, zone.dropFirst().allSatisfy(isDigit) {
      text.insert(UInt8(ascii: ":"), at: text.count - 2)
      slips.append("no colon in its zone")
    }
    guard !slips.isEmpty, text.withUnsafeBytes({ EventTime(rfc3339: $0) }) != nil else { return rule }
    return "not an RFC 3339 time: \(slips.joined(separator: ", "))"
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") <= 9 }
}
