import Dispatch
import Synchronization

/// Which way a message goes.
package enum ProxySide: Sendable, Equatable {
  /// From the worker to the server.
  case frontend
  /// From the server to the worker.
  case backend
}

/// A place in the exchange of a `lectern.store` where the proxy cuts or holds the connection, once.
///
/// A worker's first store is two exchanges: Parse and Sync, answered by ParseComplete and ReadyForQuery; then, as every
/// later one, Bind, Describe, Execute and Sync, answered by BindComplete, RowDescription, DataRow, CommandComplete and
/// ReadyForQuery. The server sends nothing before it has taken Sync and committed.
package final class ProxyTrap: Sendable {
  package enum Exchange: Sendable, Equatable { case prepare, execute }
  package enum Moment: Sendable, Equatable { case before, after }
  package enum Action: Sendable, Equatable {
    case cut
    /// Stands still until `release`.
    case hold
  }

  package struct Place: Sendable, Equatable, CustomStringConvertible {
    package var exchange: Exchange
    package var side: ProxySide
    package var moment: Moment
    /// The message's number in its exchange and direction, from 1.
    package var message: Int

    package init(_ exchange: Exchange, _ side: ProxySide, _ moment: Moment, _ message: Int) {
      (self.exchange, self.side, self.moment, self.message) = (exchange, side, moment, message)
    }

    package var description: String { "\(exchange): \(moment) \(side) message \(message)" }

    /// Before and after each message of a store: every place there is.
    package static var all: [Place] {
      let exchanges: [(Exchange, frontend: Int, backend: Int)] = [(.prepare, 2, 2), (.execute, 4, 5)]
      return exchanges.flatMap { exchange, frontend, backend in
        [(ProxySide.frontend, frontend), (.backend, backend)].flatMap { side, count in
          (1...count).flatMap { number in
            [Moment.before, .after].map { Place(exchange, side, $0, number) }
          }
        }
      }
    }
  }

  package let place: Place
  package let action: Action
  private let isSprung = Atomic(false)
  private let cuts = Atomic(false)
  private let released = DispatchSemaphore(value: 0)

  package init(_ action: Action, at place: Place) { (self.action, self.place) = (action, place) }

  package var hasSprung: Bool { isSprung.load(ordering: .acquiring) }

  /// Lets a held connection go on, or cuts it. Harmless if it holds none, now or later.
  package func release(cutting: Bool) {
    if cutting { cuts.store(true, ordering: .releasing) }
    released.signal()
  }

  func fits(_ place: Place) -> Bool { place == self.place }

  /// Does its work on the relay's thread, which it may block; false if the connection is to be cut.
  func spring() -> Bool {
    isSprung.store(true, ordering: .releasing)
    guard action == .hold else { return false }
    released.wait()
    return !cuts.load(ordering: .acquiring)
  }
}
