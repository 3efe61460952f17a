/// What every request must keep to, whatever it asks for: about what breaks these, two programs on its way could
/// disagree where it ends or whom it is for (RFC 9112, sections 3.2, 5 and 6).
enum RequestRules {
  /// Whether a request of these fields, in order, is one.
  ///
  /// - Parameter version: as its first line says it. Only HTTP/1.1 knows chunks: whoever speaks an older version takes
  ///   them for the next request (RFC 9112, section 6.1).
  static func allow(_ fields: [(name: String, value: String)], version: String) -> Bool {
    var (hosts, lengths, encodings) = (0, 0, 0)
    for (name, value) in fields {
      guard isToken(name), isFieldValue(value) else { return false }
      switch name.lowercased() {
      case "host":
        hosts += 1
        if HostHeader(value) == nil { return false }
      case "content-length":
        lengths += 1
        guard !value.isEmpty, value.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
      case "transfer-encoding":
        encodings += 1
        // Any other coding leaves it open where the body ends. Only ASCII: the lower case of the Kelvin sign is a k.
        guard value.utf8.count == 7, value.lowercased() == "chunked" else { return false }
      default: break
      }
    }
    return hosts <= 1 && lengths + encodings <= 1 && (encodings == 0 || version == "HTTP/1.1")
  }

  /// A field's name: one or more of the characters of a token (RFC 9110, section 5.6.2).
  private static func isToken(_ name: String) -> Bool {
    !name.isEmpty
      && name.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
          || "!#$%&'*+-.^_`|~".utf8.contains(byte)
      }
  }

  /// A field's value: no control character but the tabulator.
  private static func isFieldValue(_ value: String) -> Bool {
    value.utf8.allSatisfy { $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }
  }
}
