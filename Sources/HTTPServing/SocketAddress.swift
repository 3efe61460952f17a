import Glibc

/// A numeric IPv4 or IPv6 address with a port.
struct SocketAddress {
  private enum Storage {
    case v4(sockaddr_in)
    case v6(sockaddr_in6)
  }

  private let storage: Storage

  /// Parses a numeric address; `localhost` is 127.0.0.1. No name is looked up: what a name means may change.
  init?(host: String, port: UInt16) {
    let host = host == "localhost" ? "127.0.0.1" : host
    var v4 = sockaddr_in()
    if inet_pton(AF_INET, host, &v4.sin_addr) == 1 {
      v4.sin_family = sa_family_t(AF_INET)
      v4.sin_port = port.bigEndian
      storage = .v4(v4)
      return
    }
    var v6 = sockaddr_in6()
    guard inet_pton(AF_INET6, host, &v6.sin6_addr) == 1 else { return nil }
    v6.sin6_family = sa_family_t(AF_INET6)
    v6.sin6_port = port.bigEndian
    storage = .v6(v6)
  }

  /// The address a socket is bound to.
  init?(boundTo descriptor: Int32) {
    var v6 = sockaddr_in6()
    var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
    let status = withUnsafeMutablePointer(to: &v6) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    guard status == 0 else { return nil }
    if Int32(v6.sin6_family) == AF_INET6 {
      storage = .v6(v6)
    } else {
      // Family and port stand at the same place in both forms.
      var v4 = sockaddr_in()
      v4.sin_family = v6.sin6_family
      v4.sin_port = v6.sin6_port
      storage = .v4(v4)
    }
  }

  var family: Int32 {
    switch storage {
    case .v4: AF_INET
    case .v6: AF_INET6
    }
  }

  var port: UInt16 {
    switch storage {
    case .v4(let address): UInt16(bigEndian: address.sin_port)
    case .v6(let address): UInt16(bigEndian: address.sin6_port)
    }
  }

  var isLoopback: Bool {
    switch storage {
    case .v4(let address): return UInt32(bigEndian: address.sin_addr.s_addr) >> 24 == 127
    case .v6(let address):
      return withUnsafeBytes(of: address.sin6_addr) { bytes in
        bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
      }
    }
  }

  /// Lends the address in the form the socket calls take.
  func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    switch storage {
    case .v4(let address): Self.lend(address, body)
    case .v6(let address): Self.lend(address, body)
    }
  }

  private static func lend<Address, Result>(
    _ address: Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<Address>.size)) }
    }
  }
}
