import Addresses
import Glibc

/// A numeric IPv4 or IPv6 address with a port, as the socket calls take it.
struct SocketAddress {
  private var storage = sockaddr_storage()
  private let byteCount: socklen_t

  /// Parses a numeric address; `localhost` is 127.0.0.1. No name is looked up: what a name means may change.
  init?(host: String, port: UInt16) {
    switch NumericAddress(host == "localhost" ? "127.0.0.1" : host) {
    case .v4(let bytes)?:
      var v4 = sockaddr_in()
      v4.sin_family = sa_family_t(AF_INET)
      v4.sin_port = port.bigEndian
      withUnsafeMutableBytes(of: &v4.sin_addr) { $0.copyBytes(from: bytes) }
      self.init(v4)
    case .v6(let bytes)?:
      var v6 = sockaddr_in6()
      v6.sin6_family = sa_family_t(AF_INET6)
      v6.sin6_port = port.bigEndian
      withUnsafeMutableBytes(of: &v6.sin6_addr) { $0.copyBytes(from: bytes) }
      self.init(v6)
    case nil: return nil
    }
  }

  private init<Address>(_ address: Address) {
    byteCount = socklen_t(MemoryLayout<Address>.size)
    withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: Address.self) }
  }

  var family: Int32 { Int32(storage.ss_family) }

  /// Lends the address in the form the socket calls take.
  func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    withUnsafePointer(to: storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, byteCount) }
    }
  }

  /// The port a socket is bound to; nil if the system does not say.
  static func port(boundTo descriptor: Int32) -> UInt16? {
    // Family and port stand at the same place in both forms.
    var bound = sockaddr_in6()
    var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
    let status = withUnsafeMutablePointer(to: &bound) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    return status == 0 ? UInt16(bigEndian: bound.sin6_port) : nil
  }
}
