import Glibc

/// What texts an event may hold. Control characters are U+0000–001F and U+007F–009F.
enum EventText {
  /// The longest id in UTF-8 bytes.
  static let idLimitBytes = 200
  /// The longest title in UTF-8 bytes.
  static let titleLimitBytes = 1000

  /// An id out of a header: UTF-8, 1–200 bytes, no control characters.
  static func id<Kind>(
    _ bytes: UnsafeRawBufferPointer, _ attribute: @autoclosure () -> String
  ) throws(EventError) -> Identifier<Kind> {
    Identifier(try text(bytes, limitBytes: idLimitBytes, attribute()))
  }

  /// A text of 1…`limitBytes` bytes of UTF-8 without control characters.
  static func text(
    _ bytes: UnsafeRawBufferPointer, limitBytes: Int, _ attribute: @autoclosure () -> String
  ) throws(EventError) -> String {
    guard !bytes.isEmpty else { throw EventError(attribute(), "empty") }
    guard bytes.count <= limitBytes else { throw EventError(attribute(), "longer than \(limitBytes) bytes") }
    // Nearly every id is plain ASCII, which needs no validation: that is a generic function of the library and slow.
    if isPrintableASCII(bytes) { return String(decoding: bytes.bindMemory(to: UInt8.self), as: UTF8.self) }
    guard !hasControlCharacter(bytes) else { throw EventError(attribute(), "contains a control character") }
    guard let text = String(validating: bytes.bindMemory(to: UInt8.self), as: UTF8.self) else {
      throw EventError(attribute(), "not UTF-8")
    }
    return text
  }

  private static func isPrintableASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
    for byte in bytes where byte < 0x20 || byte >= 0x7F { return false }
    return true
  }

  /// Judges bytes that may be invalid UTF-8; C2 80…C2 9F are the controls above ASCII.
  private static func hasControlCharacter(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var previous: UInt8 = 0
    for byte in bytes {
      if byte < 0x20 || byte == 0x7F || (previous == 0xC2 && byte >= 0x80 && byte < 0xA0) { return true }
      previous = byte
    }
    return false
  }
}

extension UnsafeRawBufferPointer {
  /// Byte equality with a literal.
  func equals(_ literal: StaticString) -> Bool {
    count == literal.utf8CodeUnitCount && (isEmpty || memcmp(baseAddress!, literal.utf8Start, count) == 0)
  }

  /// Equality with an ASCII media type, letters of any case, parameters (`; charset=…`) ignored.
  func isMediaType(_ type: StaticString) -> Bool {
    let wanted = type.utf8CodeUnitCount
    guard count >= wanted else { return false }
    for index in 0..<wanted {
      let byte = self[index]
      let lower = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
      guard lower == type.utf8Start[index] else { return false }
    }
    guard count > wanted else { return true }
    return self[wanted] == UInt8(ascii: ";") || self[wanted] == UInt8(ascii: " ")
  }
}
