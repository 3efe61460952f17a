import LearningEvents
import Persistence
import PostgresIO
import Services
import Telemetry

/// Keeps daily partitions of the sample table ahead of the calendar while a worker lives.
struct PartitionUpkeep: Service {
  let database: IngestDatabase
  let logger: Logger
  private let daysAhead: Gauge

  /// Fewer days than this ahead need a person: something keeps partitions from being made.
  private static let alertDays = 14
  private static let interval = Duration.seconds(3600)

  init(database: IngestDatabase, registry: MetricsRegistry, logger: Logger) {
    self.database = database
    self.logger = logger
    daysAhead = registry.gauge(
      "lectern_ingest_premade_partitions", help: "Daily partitions of the sample table made for days to come")
  }

  /// Makes partitions every hour until shutdown. A failure is logged and tried again an hour later.
  func run() async throws {
    try await StopFlag.raisedByShutdown { stop in
      while true {
        try await premake(until: stop)
        try await stop.sleep(for: Self.interval)
      }
    }
  }

  private func premake(until stop: StopFlag) async throws {
    do {
      let clock = database.clock
      let last = try await database.retrying(until: stop) { repository in
        try await clock.set { () throws(PostgresError) in try await repository.time() }
        return try await repository.premake().lastDay
      }
      let ahead = Int(last.map { $0.daysSinceEpoch - database.clock.now.day.daysSinceEpoch } ?? 0)
      daysAhead.set(ahead)
      if ahead < Self.alertDays {
        logger.error("the sample table's partitions end soon", metadata: ["days_ahead": .int(Int64(ahead))])
      }
    } catch  where !(error is StopRequested) {
      logger.error("partitions could not be made", metadata: ["error": .string("\(error)")])
    }
  }
}
