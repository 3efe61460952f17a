import Glibc

/// A bound, listening socket, before any request is served.
///
/// Binding is apart from serving, so that the port is known (and a taken one reported) before anything else starts;
/// clients that connect in between wait in the kernel's queue.
package final class HTTPListener: Sendable {
  /// The address as it was asked for.
  package let host: String
  /// The port in use; the one the system chose if 0 was asked for.
  package let port: UInt16
  private let descriptor: Descriptor

  private init(host: String, port: UInt16, descriptor: Descriptor) {
    self.host = host
    self.port = port
    self.descriptor = descriptor
  }

  /// Where a browser finds this server.
  package var url: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)/" }

  /// Binds and listens. `host` is a numeric address or `localhost`, which means 127.0.0.1; `port` 0 lets the system
  /// choose. With `loopbackOnly`, an address that other machines can reach is refused.
  package static func bind(
    host: String = "127.0.0.1", port: UInt16 = 0, loopbackOnly: Bool = true
  ) throws(HTTPServerError) -> HTTPListener {
    guard let address = SocketAddress(host: host, port: port) else {
      throw HTTPServerError(
        code: .badAddress, message: "'\(host)' is no numeric address; use 127.0.0.1 or ::1 (or localhost)")
    }
    guard !loopbackOnly || address.isLoopback else {
      throw HTTPServerError(
        code: .notLoopback,
        message: "'\(host)' can be reached from other machines and this server has no sign-in; use 127.0.0.1 or ::1")
    }
    let descriptor = Descriptor(
      socket(address.family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0))
    guard descriptor.isOpen else { throw failure("open a socket for", host, port) }
    var on: Int32 = 1
    // A server that was just stopped leaves connections in TIME_WAIT; without this, its port would seem taken.
    _ = setsockopt(descriptor.number, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    guard address.withPointer({ Glibc.bind(descriptor.number, $0, $1) }) == 0 else {
      throw failure("listen on", host, port)
    }
    guard listen(descriptor.number, SOMAXCONN) == 0 else { throw failure("listen on", host, port) }
    let bound = SocketAddress(boundTo: descriptor.number)
    return HTTPListener(host: host, port: bound?.port ?? port, descriptor: descriptor)
  }

  /// Hands the socket over; from then on the caller closes it. Once only.
  func takeDescriptor() -> Int32 { descriptor.take() }

  private static func failure(_ doing: String, _ host: String, _ port: UInt16) -> HTTPServerError {
    let number = errno
    switch number {
    case EADDRINUSE:
      return HTTPServerError(
        code: .addressInUse,
        message: "port \(port) on \(host) is taken by another program; choose another port, or 0 for any free one",
        errno: number)
    case EACCES, EPERM, EADDRNOTAVAIL:
      return HTTPServerError(
        code: .notPermitted,
        message:
          "cannot \(doing) \(host):\(port): \(String(cString: strerror(number))); choose another address or port",
        errno: number)
    default:
      return HTTPServerError(
        code: .system, message: "cannot \(doing) \(host):\(port): \(String(cString: strerror(number)))", errno: number)
    }
  }
}
