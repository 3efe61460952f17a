import Glibc
import Synchronization

/// The connections of a server, and the hand that ends those whose time is over.
///
/// The library tells when a connection begins and, before it closes the socket, when it ends. Both, and every shutdown,
/// happen under one lock, so that a socket's number is never that of another connection by then. Shutting down makes
/// the library's thread find the end of the connection and close it.
final class HTTPConnections: Sendable {
  private let table: Mutex<ConnectionTable>

  init(limits: ConnectionTable.Limits) { table = Mutex(ConnectionTable(limits: limits)) }

  /// Never blocks, as all of these are called by the library's threads.
  func open(_ socket: Int32) {
    table.withLock { table in
      if let victim = table.open(socket, at: .now) { Self.shutDown(victim) }
    }
  }

  func enter(_ phase: ConnectionTable.Phase, _ socket: Int32) {
    table.withLock { table in
      if let victim = table.enter(phase, socket, at: .now) { Self.shutDown(victim) }
    }
  }

  func close(_ socket: Int32) { table.withLock { $0.close(socket) } }

  /// Ends the connections whose time is over, and those beyond the limit.
  func expire() {
    table.withLock { table in
      for socket in table.expire(at: .now) { Self.shutDown(socket) }
    }
  }

  private static func shutDown(_ socket: Int32) { _ = shutdown(socket, Int32(SHUT_RDWR)) }
}
