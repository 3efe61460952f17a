import Persistence
import PostgresIO

/// Thrown where work was begun over a connection that is no more, or is more than the server can do at once: what was
/// learnt has to be learnt anew.
struct LeaseEnded: Error {}

/// The use of one connection of `IngestDatabase`.
///
/// Behind the next connection may stand a database that was restored from a backup: with an older ledger, without the
/// consent that was read a moment ago, with the same model under another key. So whatever is judged under a lease is
/// stored under it or judged again.
struct DatabaseLease: Sendable {
  let database: IngestDatabase
  /// Counts the connections of this process.
  let number: Int
  /// The database's key of the recognizer's model.
  let modelKey: Int32

  /// Attempts until it succeeds, fails for good, or `stop` is raised.
  ///
  /// - Parameter deadlines: how often it may run into the statement's deadline.
  /// - Throws: `LeaseEnded` once another connection was opened, or after so many deadlines; `PostgresError` that is not
  ///   transient; `StopRequested`.
  func retrying<Value: Sendable>(
    until stop: StopFlag, deadlines: Int = .max,
    _ body: @Sendable (IngestRepository) async throws -> Value
  ) async throws -> Value {
    try await database.retrying(until: stop, on: number, deadlines: deadlines, body)
  }

  /// Returns while the connection is the one of this lease; opens another where it was lost.
  ///
  /// - Throws: as `retrying`.
  func check(until stop: StopFlag) async throws {
    try await retrying(until: stop) { _ in }
  }
}
