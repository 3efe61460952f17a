package import LearningEvents
import PostgresIO
import Synchronization

/// The database's clock: what it said last, and the time since. Which day it is decides which frames are taken; workers
/// on machines whose clocks differ, or are set meanwhile, must not decide differently, and partitions are made by this
/// clock. Any thread.
package final class DatabaseClock: Sendable {
  private let clock: @Sendable () -> EventTime
  private let known = Mutex<(time: EventTime, at: ContinuousClock.Instant)?>(nil)

  /// - Parameter clock: this machine's, until the database was asked.
  package init(_ clock: @escaping @Sendable () -> EventTime) { self.clock = clock }

  package var now: EventTime {
    guard let known = known.withLock(\.self) else { return clock() }
    return known.time.advanced(by: known.at.duration(to: .now))
  }

  /// Asks for the database's time; half of what the question took is the way back.
  func set(by ask: () async throws(PostgresError) -> EventTime) async throws(PostgresError) {
    let start = ContinuousClock.now
    let time = try await ask()
    let middle = start.advanced(by: start.duration(to: .now) / 2)
    known.withLock { $0 = (time, middle) }
  }
}
