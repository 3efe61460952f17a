import LearningEvents
import Persistence
import PostgresIO
import Services
import Telemetry

/// Lets what is too old go, a transaction for each day of samples and for each course.
///
/// Days with dirty sessions stay, so that a day's sums are complete before its samples go and they freeze. Whatever
/// fails is logged, counted and tried again later: expiry never stops an aggregator.
struct ExpiryPass: Sendable {
  let settings: AggregatorSettings
  let logger: Logger
  let telemetry: AggregatorTelemetry
  private let store = RollupStore()

  /// Sessions deleted by one transaction.
  private static let sessionChunk: Int32 = 5000

  init(settings: AggregatorSettings, logger: Logger, telemetry: AggregatorTelemetry) {
    (self.settings, self.logger, self.telemetry) = (settings, logger, telemetry)
  }

  /// Returns when to look again. Throws only what costs the connection, and cancellation.
  func run(on connection: PostgresConnection) async throws -> (counts: AggregationCounts, next: Duration) {
    var counts = AggregationCounts()
    do {
      try await expireSamples(into: &counts, on: connection)
      try await expireSums(into: &counts, on: connection)
      return (counts, settings.expiryInterval)
    } catch let error as PostgresError where !error.connectionIsLost {
      guard !isShuttingDownGracefully else { return (counts, settings.expiryRetryInterval) }
      telemetry.expiryDeferrals.increment()
      if error.code == .lockNotAvailable {
        logger.info("expiry is deferred: samples are in use", metadata: ["code": .string(error.code.rawValue)])
      } else if error.isTransient {
        logger.warning("expiry was interrupted; trying again", metadata: ["error": .string(error.description)])
      } else {
        logger.error("expiry failed; trying again later", metadata: ["error": .string(error.description)])
      }
      return (counts, settings.expiryRetryInterval)
    }
  }

  private func expireSamples(into counts: inout AggregationCounts, on connection: PostgresConnection) async throws {
    let (store, days) = (store, settings.sampleRetentionDays)
    while !isShuttingDownGracefully {
      // Counting a large day takes its time; whoever shuts down does not wait for it.
      let expired = try await cancelWhenGracefulShutdown {
        try await withTaskCancellationHandler {
          try await connection.withTransaction { connection in
            try store.expireSamples(keepDays: days, on: connection)
          }
        } onCancel: {
          connection.cancel()
        }
      }
      guard let expired else { return }
      counts.samplesExpired += expired.removed
      telemetry.samplesExpired.increment(by: expired.removed)
      logger.info(
        "a day of samples expired",
        metadata: [
          "day": .string(expired.day.iso),
          "samples": .int(Int64(expired.removed)),
        ])
    }
  }

  private func expireSums(into counts: inout AggregationCounts, on connection: PostgresConnection) async throws {
    let (store, months) = (store, settings.aggregateRetentionMonths)
    let pass = CoursePass(settings: settings)
    let (day, courses) = try await connection.withTransaction { connection in
      let day = try store.oldestSumDay(keepMonths: months, on: connection)
      return (day, try store.courses(withSumsBefore: day, on: connection))
    }
    for course in courses where !isShuttingDownGracefully {
      let done = try await connection.withTransaction { connection in
        try pass.expire(course, before: day, on: connection)
      }
      telemetry.record(done, duration: nil)
      telemetry.sumsExpired.increment(by: done.sumsExpired)
      counts += done
      logger.info("sums of a course expired", metadata: ["sums": .int(Int64(done.sumsExpired))])
    }
    _ = try await connection.withTransaction { connection in try store.removeReports(before: day, on: connection) }
    var removed = 0
    repeat {
      removed = try await connection.withTransaction { connection in
        try store.expireSessions(before: day, limit: Self.sessionChunk, on: connection)
      }
      counts.sessionsExpired += removed
    } while removed == Int(Self.sessionChunk) && !isShuttingDownGracefully
  }
}
