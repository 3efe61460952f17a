import Addresses
import Glibc
import Synchronization

/// A bound, listening socket, before any request is served.
///
/// Binding is apart from serving, so that the port is known (and a taken one reported) before anything else starts;
/// clients that connect in between wait in the kernel's queue.
package final class HTTPListener: Sendable {
  /// The address as it was asked for.
  package let host: String
  /// The port in use; the one the system chose if 0 was asked for.
  package let port: UInt16
  /// −1 once it was handed over.
  private let descriptor: Mutex<Int32>

  private init(host: String, port: UInt16, adopting descriptor: Int32) {
    self.host = host
    self.port = port
    self.descriptor = Mutex(descriptor)
  }

  deinit { descriptor.withLock { if $0 >= 0 { close($0) } } }

  /// Where a browser finds this server.
  package var url: String { "http://\(Endpoint(host: host, port: port))/" }

  /// Whether only programs of this machine reach it.
  package var isLoopback: Bool { Loopback.contains(host) }

  /// The host names under which this machine asks a listener on the loopback address.
  package var ownNames: Set<String> {
    ["localhost", "127.0.0.1", "[::1]", Endpoint(host: host, port: port).bracketedHost.lowercased()]
  }

  /// Who may reach a listener.
  package enum Reach: Sendable {
    /// Programs of this machine; an address that other machines can reach is refused.
    case thisMachine
    /// Whoever reaches the address.
    case everybody
  }

  /// Whether `host` is something to listen on: a numeric address or `localhost`.
  package static func canListen(on host: String) -> Bool { SocketAddress(host: host, port: 0) != nil }

  /// Binds and listens. `host` is a numeric address or `localhost`, which means 127.0.0.1; `port` 0 lets the system
  /// choose. `::` takes IPv4 as well where the system does so.
  package static func bind(
    host: String = "127.0.0.1", port: UInt16 = 0, reach: Reach = .thisMachine
  ) throws(HTTPServerError) -> HTTPListener {
    guard let address = SocketAddress(host: host, port: port) else {
      throw HTTPServerError(
        code: .badAddress, message: "'\(host)' is no numeric address; use 127.0.0.1 or ::1 (or localhost)")
    }
    guard reach == .everybody || Loopback.contains(host) else {
      throw HTTPServerError(
        code: .notLoopback,
        message: "'\(host)' can be reached from other machines and this server has no sign-in; use 127.0.0.1 or ::1")
    }
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = socket(address.family, type, 0)
    guard descriptor >= 0 else { throw failure("open a socket for", host, port) }
    var on: Int32 = 1
    // A server that was just stopped leaves connections in TIME_WAIT; without this, its port would seem taken.
    _ = setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    guard address.withPointer({ Glibc.bind(descriptor, $0, $1) }) == 0, listen(descriptor, SOMAXCONN) == 0 else {
      defer { close(descriptor) }
      throw failure("listen on", host, port)
    }
    let bound = SocketAddress.port(boundTo: descriptor)
    return HTTPListener(host: host, port: bound ?? port, adopting: descriptor)
  }

  /// Hands the socket over; from then on the caller closes it. Once only.
  func takeDescriptor() -> Int32 {
    descriptor.withLock { number in
      defer { number = -1 }
      return number
    }
  }

  private static func failure(_ doing: String, _ host: String, _ port: UInt16) -> HTTPServerError {
    let number = errno
    let reason = "cannot \(doing) \(host):\(port): \(String(cString: strerror(number)))"
    return switch number {
    case EADDRINUSE:
      HTTPServerError(
        code: .addressInUse,
        message: "port \(port) on \(host) is taken by another program; choose another port, or 0 for any free one")
    case EACCES, EPERM, EADDRNOTAVAIL:
      HTTPServerError(code: .notPermitted, message: "\(reason); choose another address or port")
    default: HTTPServerError(code: .system, message: reason)
    }
  }
}
