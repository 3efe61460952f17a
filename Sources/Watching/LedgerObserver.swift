package import LearningEvents
import Persistence
package import PostgresIO
import Telemetry

/// Observes the ledger again and again, on a connection of its own that is opened anew after it was lost.
///
/// Rejects are counted whole at first and once in a while, since retries move them, where the ledgers' counters say
/// that they are few; else, and in between, only those at offsets that were taken since.
package actor LedgerObserver {
  private let settings: PostgresSettings
  private let clock: @Sendable () -> EventTime
  private var connection: PostgresConnection?
  /// Whose rejects are counted; nil for all.
  private var clusterID: ClusterID?
  private var rejects: [RejectCode: Int64] = [:]
  /// Whether `rejects` are all there are; else those since the first observation.
  private var rejectsAreWhole = false
  /// Whether counting all of them took too long once.
  private var rejectsAreMany = false
  /// Up to where rejects are counted, by ledger; nil before the first observation.
  private var counted: [Int32: Int64]?
  private var observationsSinceCount = 0

  private static let observationsBetweenCounts = 60
  private let wholeCountLimit: Int64

  /// - Parameters:
  ///   - settings: with a role that may read the ledger and rejects.
  ///   - wholeCountLimit: how many rejects are counted whole; rejects never expire.
  package init(
    settings: PostgresSettings, wholeCountLimit: Int64 = 200_000, clock: @escaping @Sendable () -> EventTime
  ) {
    self.wholeCountLimit = wholeCountLimit
    var settings = settings
    settings.connectDeadline = .seconds(3)
    settings.statementDeadline = .seconds(5)
    (self.settings, self.clock) = (settings, clock)
  }

  package func close() async {
    await connection?.close()
    connection = nil
  }

  /// - Parameter clusterID: whose ledgers; nil observes all. When it changes, rejects are counted anew.
  package func observe(clusterID: ClusterID?) async throws -> LedgerObservation {
    if clusterID != self.clusterID {
      self.clusterID = clusterID
      (rejects, rejectsAreWhole, rejectsAreMany, counted, observationsSinceCount) = ([:], false, false, nil, 0)
    }
    let connection: PostgresConnection
    if let open = self.connection {
      connection = open
    } else {
      connection = try await PostgresConnection.open(settings, logger: .silent)
      self.connection = connection
    }
    let isDue = counted == nil || (rejectsAreWhole && observationsSinceCount >= Self.observationsBetweenCounts)
    let (from, limit) = (counted, rejectsAreMany ? -1 : wholeCountLimit)
    do {
      let countsWhole: @Sendable ([LedgerRow]) -> Bool = { ledgers in
        isDue && ledgers.reduce(0) { $0 + $1.counters.rejects } <= limit
      }
      let (ledgers, found) = try await LedgerRepository(connection: connection).newest(clusterID: clusterID) {
        // Without a place to go on from there is nothing new yet.
        countsWhole($0) ? nil : from ?? Self.ends(of: $0)
      }
      if countsWhole(ledgers) {
        (rejects, rejectsAreWhole, observationsSinceCount) = (found, true, 0)
      } else {
        rejects.merge(found, uniquingKeysWith: +)
        observationsSinceCount += 1
      }
      counted = Self.ends(of: ledgers)
      return LedgerObservation(at: clock(), ledgers: ledgers, rejects: rejects, rejectsAreWhole: rejectsAreWhole)
    } catch {
      if let error = error as? PostgresError {
        if error.connectionIsLost { self.connection = nil }
        if error.code == .queryCanceled && isDue { (rejectsAreMany, observationsSinceCount) = (true, 0) }
      }
      throw error
    }
  }

  private static func ends(of ledgers: [LedgerRow]) -> [Int32: Int64] {
    Dictionary(ledgers.map { ($0.ledgerID, $0.nextOffset) }) { first, _ in first }
  }
}
