/// The value of a `Host` header, read to its end.
struct HostHeader: Equatable {
  /// In lower case; an IPv6 address with its brackets.
  let name: String

  /// Nil unless the value is a name, an IPv4 address or an IPv6 address in brackets, and perhaps a port up to 65535
  /// (RFC 9110, section 7.2).
  init?(_ value: String) {
    // The lower case of U+212A, the Kelvin sign, is an ASCII k.
    guard value.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
    let text = value.lowercased()
    let name: Substring
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      name = text[...end]
      let address = name.dropFirst().dropLast()
      guard address.contains(":"), address.utf8.allSatisfy(Self.isOfAddress) else { return nil }
    } else {
      name = text.prefix { $0 != ":" }
      guard !name.isEmpty, name.utf8.allSatisfy(Self.isOfName) else { return nil }
    }
    let rest = text[name.endIndex...]
    if !rest.isEmpty {
      let digits = rest.dropFirst().utf8
      guard rest.first == ":", (1...5).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
        UInt16(rest.dropFirst()) != nil
      else { return nil }
    }
    self.name = String(name)
  }

  /// Letters, digits and `-._`: what names of machines are made of.
  private static func isOfName(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x2D || byte == 0x2E || byte == 0x5F
  }

  /// Hexadecimal digits, `:` and `.`.
  private static func isOfAddress(_ byte: UInt8) -> Bool {
    (0x30...0x3A).contains(byte) || (0x61...0x66).contains(byte) || byte == 0x2E
  }
}
