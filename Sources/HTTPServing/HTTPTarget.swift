import Foundation

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
      guard let segment = decoded(String(Substring(part))), segment != ".", segment != "..", !segment.isEmpty else {
        return nil
      }
      segments.append(segment)
    }
    return segments
  }

  /// `text` with `%HH` decoded; nil for a broken escape, invalid UTF-8 or a control character.
  static func decoded(_ text: String) -> String? {
    guard let decoded = text.removingPercentEncoding,
      decoded.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
    else { return nil }
    return decoded
  }
}
