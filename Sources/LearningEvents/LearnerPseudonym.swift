/// A learner as the database knows one: 16 bytes, a `uuid` column. Not reversible without the deployment's secret.
package struct LearnerPseudonym: Sendable, Hashable {
  /// Bytes 0…7, big-endian.
  package let high: UInt64
  /// Bytes 8…15, big-endian.
  package let low: UInt64

  /// Adopts 16 bytes as two big-endian halves.
  package init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

  /// Adopts 16 bytes; nil for any other number.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 16 else { return nil }
    var halves: (UInt64, UInt64) = (0, 0)
    for (index, byte) in bytes.enumerated() {
      if index < 8 { halves.0 = halves.0 << 8 | UInt64(byte) } else { halves.1 = halves.1 << 8 | UInt64(byte) }
    }
    (high, low) = halves
  }

  /// Parses 32 hexadecimal digits, with the hyphens of a UUID or without.
  package init?(uuid text: String) {
    var halves: (UInt64, UInt64) = (0, 0)
    var count = 0
    for byte in text.utf8 where byte != UInt8(ascii: "-") {
      guard count < 32, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
      if count < 16 { halves.0 = halves.0 << 4 | UInt64(digit) } else { halves.1 = halves.1 << 4 | UInt64(digit) }
      count += 1
    }
    guard count == 32 else { return nil }
    (high, low) = halves
  }

  /// The 16 bytes in order, as PostgreSQL's binary format of `uuid` has them.
  package var bytes: [UInt8] {
    [high, low].flatMap { half in stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: half >> $0) } }
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
