/// Reading of base64 of RFC 4648 section 4, strict: padded, no line breaks, no other characters.
enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  /// Six bits for each byte value, 255 for one outside of the alphabet.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 255, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    return values
  }()

  /// What the text of every file begins with whose first bytes are these: the characters that they alone decide.
  static func prefix(of bytes: [UInt8]) -> [UInt8] {
    bytes.indices.dropLast(bytes.count % 3).reduce(into: []) { text, index in
      guard index % 3 == 0 else { return }
      let bits = bytes[index..<index + 3].reduce(0) { $0 << 8 | Int($1) }
      text += stride(from: 18, through: 0, by: -6).map { alphabet[bits >> $0 & 0x3F] }
    }
  }

  /// How many bytes a text decodes to if it is well-formed.
  static func decodedByteCount(_ text: UnsafeRawBufferPointer) -> Int {
    let padding = text.suffix(2).count { $0 == UInt8(ascii: "=") }
    return text.count / 4 * 3 - (text.count >= 4 ? padding : 0)
  }

  /// The bytes, or nil if the text is not base64.
  static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    guard !text.isEmpty else { return [] }
    let byteCount = decodedByteCount(text)
    let padding = text.count / 4 * 3 - byteCount
    // "ab=c" has its padding in the wrong place; the loop meets its '=' as a character outside of the alphabet.
    var isValid = true
    let bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { output, count in
      values.withUnsafeBufferPointer { values in
        var bits: UInt32 = 0
        var bad: UInt8 = 0
        var filled = 0
        let characters = text.count - padding
        for index in 0..<characters {
          let value = values[Int(text[index])]
          bad |= value & 0x80
          bits = bits << 6 | UInt32(value & 0x3F)
          if index & 3 == 3 {
            output[filled] = UInt8(truncatingIfNeeded: bits >> 16)
            output[filled + 1] = UInt8(truncatingIfNeeded: bits >> 8)
            output[filled + 2] = UInt8(truncatingIfNeeded: bits)
            filled += 3
          }
        }
        // Bits that no byte takes must be zero, so that one picture has one text.
        switch padding {
        case 1:
          output[filled] = UInt8(truncatingIfNeeded: bits >> 10)
          output[filled + 1] = UInt8(truncatingIfNeeded: bits >> 2)
          isValid = bits & 0x3 == 0
          filled += 2
        case 2:
          output[filled] = UInt8(truncatingIfNeeded: bits >> 4)
          isValid = bits & 0xF == 0
          filled += 1
        default: break
        }
        isValid = isValid && bad == 0
        count = filled
      }
    }
    return isValid ? bytes : nil
  }
}
