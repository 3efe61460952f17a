/// JSON strings: their escapes read and written.
enum JSONText {
  /// The text between two quotes; nil if an escape is malformed or half of a surrogate pair is missing.
  static func decode(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, isEscaped: Bool) -> String? {
    let raw = UnsafeRawBufferPointer(rebasing: bytes[range])
    guard isEscaped else { return String(decoding: raw, as: UTF8.self) }
    guard let plain = unescape(raw) else { return nil }
    return String(decoding: plain, as: UTF8.self)
  }

  /// The UTF-8 that an escaped text stands for.
  static func unescape(_ raw: UnsafeRawBufferPointer) -> [UInt8]? {
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
      guard index < raw.count else { return nil }
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
        guard let scalar = unicodeScalar(raw, &index) else { return nil }
        plain.append(contentsOf: UTF8.encode(scalar)!)
      default: return nil
      }
    }
    return plain
  }

  /// The scalar whose four hex digits start at `index`, with its low surrogate's escape if it needs one.
  private static func unicodeScalar(_ raw: UnsafeRawBufferPointer, _ index: inout Int) -> Unicode.Scalar? {
    guard let high = hex4(raw, &index) else { return nil }
    guard (0xD800...0xDBFF).contains(high) else { return Unicode.Scalar(high) }
    guard index + 1 < raw.count, raw[index] == UInt8(ascii: "\\"), raw[index + 1] == UInt8(ascii: "u") else {
      return nil
    }
    index += 2
    guard let low = hex4(raw, &index), (0xDC00...0xDFFF).contains(low) else { return nil }
    return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
  }

  private static func hex4(_ raw: UnsafeRawBufferPointer, _ index: inout Int) -> UInt32? {
    guard index + 4 <= raw.count else { return nil }
    var value: UInt32 = 0
    for byte in raw[index..<(index + 4)] {
      guard let digit = hexDigit(byte) else { return nil }
      value = value << 4 | digit
    }
    index += 4
    return value
  }

  private static func hexDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case 0x30...0x39: UInt32(byte - 0x30)
    case 0x41...0x46: UInt32(byte - 0x41 + 10)
    case 0x61...0x66: UInt32(byte - 0x61 + 10)
    default: nil
    }
  }

  /// A quoted JSON string.
  static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\u{0}"..."\u{1F}", "\u{7F}":
        let hex = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
