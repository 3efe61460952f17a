/// A learner as the database knows one: 16 bytes, a `uuid` column. Not reversible without the deployment's secret.
package struct LearnerPseudonym: Sendable, Hashable {
  /// Bytes 0…7, big-endian.
  package let high: UInt64
  /// Bytes 8…15, big-endian.
  package let low: UInt64

  /// Adopts 16 bytes as two big-endian halves.
  package init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

  /// From text as `uuid` gives it; nil for any other.
  package init?(uuid text: String) {
    let digits = text.replacing("-", with: "")
    guard digits.utf8.count == 32, let high = UInt64(digits.prefix(16), radix: 16),
      let low = UInt64(digits.suffix(16), radix: 16)
    else { return nil }
    self.init(high: high, low: low)
    guard uuid == text else { return nil }
  }

  /// `8-4-4-4-12` lower-case hexadecimal digits, as PostgreSQL prints it. The bytes are a hash: no version or variant
  /// is stamped into them.
  package var uuid: String {
    var text = [high, low].map { half in
      let digits = String(half, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
    for position in [20, 16, 12, 8] { text.insert("-", at: text.index(text.startIndex, offsetBy: position)) }
    return text
  }
}

extension LearnerPseudonym: Comparable {
  /// The order of the bytes, which is PostgreSQL's order of `uuid`.
  package static func < (a: LearnerPseudonym, b: LearnerPseudonym) -> Bool { (a.high, a.low) < (b.high, b.low) }
}
