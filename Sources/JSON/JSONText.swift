/// A JSON string as it stands between its quotes: lent, and read when asked for.
package struct JSONText {
  /// UTF-8 with escapes, which are not judged yet.
  package let raw: UnsafeRawBufferPointer
  /// Whether a backslash is in it.
  package let isEscaped: Bool

  init(_ raw: UnsafeRawBufferPointer, isEscaped: Bool) { (self.raw, self.isEscaped) = (raw, isEscaped) }

  /// Why it is no text.
  struct Malformed: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
  }

  func string() throws(Malformed) -> String {
    let text =
      isEscaped
      ? String(validating: try unescaped(), as: UTF8.self)
      : String(validating: raw.bindMemory(to: UInt8.self), as: UTF8.self)
    guard let text else { throw Malformed("a string that is not UTF-8") }
    return text
  }

  /// The bytes it stands for.
  func unescaped() throws(Malformed) -> [UInt8] {
    var plain: [UInt8] = []
    plain.reserveCapacity(raw.count)
    var index = 0
    while index < raw.count {
      let byte = raw[index]
      index += 1
      guard byte == UInt8(ascii: "\\") else {
        plain.append(byte)
        continue
      }
      guard index < raw.count else { throw Malformed("an escape without end") }
      let escape = raw[index]
      index += 1
      switch escape {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): plain.append(escape)
      case UInt8(ascii: "b"): plain.append(0x08)
      case UInt8(ascii: "f"): plain.append(0x0C)
      case UInt8(ascii: "n"): plain.append(0x0A)
      case UInt8(ascii: "r"): plain.append(0x0D)
      case UInt8(ascii: "t"): plain.append(0x09)
      case UInt8(ascii: "u"):
        plain.append(contentsOf: UTF8.encode(try scalar(at: &index))!)
      default: throw Malformed("an unknown escape")
      }
    }
    return plain
  }

  /// The scalar whose four hex digits start at `index`, with its low surrogate's escape if it needs one.
  private func scalar(at index: inout Int) throws(Malformed) -> Unicode.Scalar {
    let high = try hex4(at: &index)
    if let scalar = Unicode.Scalar(high) { return scalar }
    guard (0xD800...0xDBFF).contains(high), index + 1 < raw.count, raw[index] == UInt8(ascii: "\\"),
      raw[index + 1] == UInt8(ascii: "u")
    else { throw Malformed("half a surrogate pair") }
    index += 2
    let low = try hex4(at: &index)
    guard (0xDC00...0xDFFF).contains(low), let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    else { throw Malformed("half a surrogate pair") }
    return scalar
  }

  private func hex4(at index: inout Int) throws(Malformed) -> UInt32 {
    guard index + 4 <= raw.count else { throw Malformed("a malformed \\u escape") }
    var value: UInt32 = 0
    for byte in raw[index..<(index + 4)] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw Malformed("a malformed \\u escape")
      }
      value = value << 4 | UInt32(digit)
    }
    index += 4
    return value
  }
}

extension JSONText {
  /// A quoted JSON string.
  ///
  /// - Parameter escape: what stands for a scalar other than quotation mark and backslash, nil for itself. Unless
  ///   given, control characters are escaped.
  package static func quoted(
    _ text: String, escaping escape: (Unicode.Scalar) -> String? = { isControl($0) ? escaped($0) : nil }
  ) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      default:
        if let replacement = escape(scalar) {
          quoted += replacement
        } else {
          quoted.unicodeScalars.append(scalar)
        }
      }
    }
    return quoted + "\""
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.value < 0x20 || scalar.value == 0x7F }

  /// `\u001b`: one escape for each UTF-16 unit.
  package static func escaped(_ scalar: Unicode.Scalar) -> String {
    String(scalar).utf16.map { unit in
      let digits = String(unit, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }.joined()
  }
}
