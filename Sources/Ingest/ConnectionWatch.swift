import Persistence
import Services
import Telemetry

/// Notices on an idle worker too that its connection was lost, and has every partition look at its ledger again when
/// there is another one: a database that was restored from a backup may want records that were stored long ago.
struct ConnectionWatch: Service {
  let database: IngestDatabase
  let loop: PollLoop
  let health: IngestHealth
  let metrics: IngestMetrics

  private static let interval = Duration.seconds(2)

  /// Asks every two seconds until shutdown. A failure is not logged here: the partitions' own calls report it.
  func run() async throws {
    try await StopFlag.raisedByShutdown { stop in
      var known = await database.connectionNumber
      while true {
        try await stop.sleep(for: Self.interval)
        try? await database.attempt { try await $0.ping() }
        metrics.overdueClaims.set(health.overdueClaimCount)
        let number = await database.connectionNumber
        if number != 0, number != known {
          known = number
          loop.send(.nudge)
        }
      }
    }
  }
}
