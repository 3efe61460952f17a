package import LearningEvents
import Persistence
package import PostgresIO
import Telemetry

/// Looks at the ledger again and again, on a connection of its own that is opened anew after it was lost.
///
/// Rejects are counted whole at first and once in a while, since retries move them; in between only those at offsets that were
/// taken since.
package actor LedgerLooker {
  private let settings: PostgresSettings
  private let clock: @Sendable () -> EventTime
  private var connection: PostgresConnection?
  private var rejects: [RejectCode: Int64] = [:]
  /// Up to where rejects are counted, by ledger; nil counts all of them.
  private var counted: [Int32: Int64]?
  private var looksSinceCount = 0

  private static let looksBetweenCounts = 60

  /// - Parameter settings: with a role that may read the ledger and rejects.
  package init(settings: PostgresSettings, clock: @escaping @Sendable () -> EventTime) {
    var settings = settings
    settings.connectDeadline = .seconds(3)
    settings.statementDeadline = .seconds(5)
    (self.settings, self.clock) = (settings, clock)
  }

  package func close() async {
    await connection?.close()
    connection = nil
  }

  /// - Parameter clusterID: whose ledgers; nil looks at all.
  package func look(clusterID: String?) async throws -> LedgerLook {
    let connection: PostgresConnection
    if let open = self.connection {
      connection = open
    } else {
      connection = try await PostgresConnection.open(settings, logger: .silent)
      self.connection = connection
    }
    if looksSinceCount >= Self.looksBetweenCounts { counted = nil }
    let from = counted
    do {
      let (ledgers, found) = try await connection.withTransaction(.snapshot) { connection in
        let ledgers = try LedgerRepository.newest(clusterID: clusterID, on: connection)
        return (ledgers, try LedgerRepository.rejectCounts(of: ledgers, from: from, on: connection))
      }
      if from == nil {
        (rejects, looksSinceCount) = (found, 0)
      } else {
        rejects.merge(found, uniquingKeysWith: +)
        looksSinceCount += 1
      }
      counted = Dictionary(ledgers.map { ($0.ledgerID, $0.nextOffset) }) { first, _ in first }
      return LedgerLook(at: clock(), ledgers: ledgers, rejects: rejects)
    } catch {
      if let error = error as? PostgresError, error.connectionIsLost { self.connection = nil }
      throw error
    }
  }
}
