/// A learner's 16-byte pseudonym as a key that sorts as PostgreSQL sorts `uuid`: byte by byte.
package struct LearnerKey: Sendable, Hashable, Comparable {
  package let high: UInt64
  package let low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// From the text form of a `uuid`: 32 hex digits, hyphens ignored. nil for anything else.
  package init?(uuid: some StringProtocol) {
    var words: (UInt64, UInt64) = (0, 0)
    var digits = 0
    for byte in uuid.utf8 where byte != UInt8(ascii: "-") {
      guard digits < 32, let digit = Self.value(ofHexDigit: byte) else { return nil }
      if digits < 16 { words.0 = words.0 << 4 | digit } else { words.1 = words.1 << 4 | digit }
      digits += 1
    }
    guard digits == 32 else { return nil }
    self.init(high: words.0, low: words.1)
  }

  /// The text form PostgreSQL prints: lower-case hex, 8-4-4-4-12.
  package var uuid: String {
    let hex = Self.hex(high) + Self.hex(low)
    var text = ""
    for (index, character) in hex.enumerated() {
      if [8, 12, 16, 20].contains(index) { text.append("-") }
      text.append(character)
    }
    return text
  }

  package static func < (left: LearnerKey, right: LearnerKey) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }

  private static func value(ofHexDigit byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }

  private static func hex(_ word: UInt64) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
