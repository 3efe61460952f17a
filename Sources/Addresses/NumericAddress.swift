import Glibc

/// An IPv4 or IPv6 address in numbers, however it is spelled.
package enum NumericAddress: Hashable, Sendable {
  /// Four bytes, in network order.
  case v4([UInt8])
  /// Sixteen bytes, in network order.
  case v6([UInt8])

  /// Parses an address as inet_pton(3) does: IPv4 in four decimal numbers, IPv6 without brackets and zone. No name is
  /// looked up.
  package init?(_ text: String) {
    // A C string would end there.
    guard !text.utf8.contains(0) else { return nil }
    if let bytes = Self.bytes(text, AF_INET, count: 4) {
      self = .v4(bytes)
    } else if let bytes = Self.bytes(text, AF_INET6, count: 16) {
      self = .v6(bytes)
    } else {
      return nil
    }
  }

  private static func bytes(_ text: String, _ family: Int32, count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    return inet_pton(family, text, &bytes) == 1 ? bytes : nil
  }

  /// Whether it means the machine that asks: 127.0.0.0/8 or ::1.
  package var isLoopback: Bool {
    switch self {
    case .v4(let bytes): bytes[0] == 127
    case .v6(let bytes): bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
    }
  }
}
