/// Decoding of a request's path and query.
package enum HTTPTarget {
  /// The segments of a raw path, decoded one by one, so that `%2F` stays inside its segment.
  ///
  /// Nil if the path does not start with `/`, holds a broken escape, text that is no UTF-8, a control character, or a
  /// segment `.` or `..` in any spelling: nothing a browser sends for one of our links.
  package static func segments(ofPath raw: String) -> [String]? {
    guard raw.utf8.first == UInt8(ascii: "/") else { return nil }
    var segments: [String] = []
    let parts = raw.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      if part.isEmpty && index == parts.count - 1 { break }
      guard let segment = decoded(part), segment != ".", segment != "..", !segment.isEmpty else { return nil }
      segments.append(segment)
    }
    return segments
  }

  /// `bytes` with `%HH` decoded; nil for a broken escape, invalid UTF-8 or a control character.
  static func decoded(_ bytes: some Sequence<UInt8>) -> String? {
    var output: [UInt8] = []
    var iterator = bytes.makeIterator()
    while let byte = iterator.next() {
      guard byte == UInt8(ascii: "%") else {
        output.append(byte)
        continue
      }
      guard let high = iterator.next().flatMap(nibble), let low = iterator.next().flatMap(nibble) else { return nil }
      output.append(high << 4 | low)
    }
    guard output.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
    return String(validating: output, as: UTF8.self)
  }

  private static func nibble(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
