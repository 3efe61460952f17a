package import LearningEvents
import PostgresIO
import Synchronization

/// The database's clock, as far as it is known: this machine's, and how far the two were apart when the last connection
/// was opened. Which day it is decides which frames are taken; workers on machines whose clocks differ must not decide
/// differently, and partitions are made by this clock. Any thread.
package final class DatabaseClock: Sendable {
  private let clock: @Sendable () -> EventTime
  private let difference = Mutex(Duration.zero)

  package init(_ clock: @escaping @Sendable () -> EventTime) { self.clock = clock }

  package var now: EventTime { clock().advanced(by: difference.withLock(\.self)) }

  /// Asks for the database's time; half of what the question took is the way back.
  func compare(_ ask: () async throws(PostgresError) -> EventTime) async throws(PostgresError) {
    let (before, start) = (clock(), ContinuousClock.now)
    let theirs = try await ask()
    let ours = before.advanced(by: start.duration(to: .now) / 2)
    difference.withLock { $0 = theirs.duration(since: ours) }
  }
}
