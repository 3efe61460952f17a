import Analytics
import LearningEvents
import Persistence
package import PostgresIO
import Services
package import Telemetry

/// Turns dirty sessions into rollups and released cells, resumes pending erasures, and lets go what is too old.
///
/// Any number may run against one database: a course is locked for one transaction at a time. As a service it polls;
/// `runOnce` works until nothing is dirty and returns. Nothing waits for a quiet moment: where frames come around the
/// clock there is none. It holds one connection, which should have the role `lectern_aggregator`; after a transient
/// error it opens another, with backoff.
package final class Aggregator: Service {
  private let postgres: PostgresSettings
  private let settings: AggregatorSettings
  private let logger: Logger
  private let telemetry: AggregatorTelemetry

  package init(
    postgres: PostgresSettings, settings: AggregatorSettings, logger: Logger, metrics: MetricsRegistry
  ) {
    self.postgres = postgres
    self.settings = settings
    self.logger = logger
    telemetry = AggregatorTelemetry(metrics)
  }

  /// When what depends on the clock and not on dirty sessions is to be looked after again.
  private struct Agenda {
    var upkeep = ContinuousClock.now
    var expiry: ContinuousClock.Instant
    /// What was done and is not in the log yet, and when the next line may say it.
    var unsaid = AggregationCounts()
    var line = ContinuousClock.now
  }

  /// Works until shutdown is asked for. Throws on an error that waiting does not mend.
  package func run() async throws {
    // Doubling from a quarter second to half a minute.
    var backoff = Backoff(first: .milliseconds(250), longest: .seconds(30))
    var agenda = Agenda(expiry: .now)
    let start = ContinuousClock.now
    defer { logger.info("the aggregator ends", metadata: telemetry.totals(since: start)) }
    while !isShuttingDownGracefully && !Task.isCancelled {
      do {
        try await PostgresConnection.with(postgres, logger: logger) { connection in
          while !isShuttingDownGracefully && !Task.isCancelled {
            let (done, isIdle) = try await round(&agenda, on: connection)
            say(done, &agenda)
            backoff.reset()
            if isIdle { await pause(settings.pollInterval) }
          }
        }
      } catch let error as PostgresError where error.isTransient {
        telemetry.failures.increment()
        logger.warning("aggregation interrupted, trying again", metadata: ["code": .string(error.code.rawValue)])
        await pause(backoff.delay())
      }
    }
  }

  /// Works until nothing is dirty, on a connection of its own.
  ///
  /// - Parameter closingPeriods: then end every course's release period, so that changes of fewer learners than the
  ///   cohort minimum are shown too: for a report at a period's end, and for the demo. Cohorts under the minimum stay
  ///   hidden all the same.
  @discardableResult
  package func runOnce(closingPeriods: Bool = false) async throws -> AggregationCounts {
    try await PostgresConnection.with(postgres, logger: logger) { connection in
      // Expiry comes once, when everything is computed.
      var agenda = Agenda(expiry: .now + settings.expiryInterval)
      var counts = AggregationCounts()
      var isIdle = false
      while !isIdle && !isShuttingDownGracefully {
        let (done, wasIdle) = try await round(&agenda, on: connection)
        counts += done
        isIdle = wasIdle
      }
      try await forgetSessions(on: connection)
      if isIdle { counts += try await expiry.run(on: connection).counts }
      if closingPeriods {
        let courses = try await connection.withTransaction { connection in
          try RollupStore().coursesToClose(before: nil, on: connection)
        }
        for course in courses { counts += try await close(course, period: nil, on: connection) }
      }
      return counts
    }
  }

  /// Does of an aggregator's work what an erasure waits for, once over: deletes, computes what is dirty, forgets
  /// sessions.
  ///
  /// While frames come all the time something is always dirty, so whoever waits looks between calls. It lets nothing
  /// expire, ends no release period, and releases by the cohort minimum of the deployment's own aggregators: whoever
  /// erases somebody may be configured otherwise.
  package func advanceErasures() async throws {
    try await PostgresConnection.with(postgres, logger: logger) { connection in
      var settings = settings
      let minimum = try await connection.withTransaction { connection in
        try RollupStore().cohortMinimum(on: connection)
      }
      if let policy = minimum.flatMap({ ReleasePolicy(cohortMinimum: $0) }) { settings.releasePolicy = policy }
      _ = try await resumeErasures(on: connection)
      _ = try await recomputeDirty(CoursePass(settings: settings), on: connection)
      try await forgetSessions(on: connection)
    }
  }

  /// Resumes erasures, recomputes a part of each dirty course, and does what else has come due; idle if nothing was
  /// dirty.
  private func round(
    _ agenda: inout Agenda, on connection: PostgresConnection
  ) async throws -> (counts: AggregationCounts, isIdle: Bool) {
    try Task.checkCancellation()
    var counts = AggregationCounts()
    counts += try await resumeErasures(on: connection)
    if counts.erasures > 0 || counts.samplesErased > 0 {
      logger.info(
        "erasures and revocations were carried out",
        metadata: ["finished": .int(Int64(counts.erasures)), "samples_deleted": .int(Int64(counts.samplesErased))])
    }
    if agenda.upkeep <= .now {
      try await connection.withTransaction { connection in
        try RollupStore().keepCohortMinimum(settings.releasePolicy.cohortMinimum, on: connection)
      }
      counts += try await closeEndedPeriods(on: connection)
      try await forgetSessions(on: connection)
      agenda.upkeep = .now + settings.pollInterval
    }
    let (done, isIdle) = try await recomputeDirty(CoursePass(settings: settings), on: connection)
    counts += done
    if agenda.expiry <= .now && !isShuttingDownGracefully {
      let expired = try await expiry.run(on: connection)
      counts += expired.counts
      agenda.expiry = .now + expired.next
    }
    return (counts, isIdle)
  }

  /// A line in the log of what was computed and released, at most one an interval and none of nothing.
  private func say(_ done: AggregationCounts, _ agenda: inout Agenda) {
    agenda.unsaid += done
    let counts = agenda.unsaid
    guard counts.sessions + counts.cellsReleased + counts.cellsWithdrawn > 0, agenda.line <= .now else { return }
    logger.info(
      "figures were brought up to date",
      metadata: [
        "sessions": .int(Int64(counts.sessions)), "cells_released": .int(Int64(counts.cellsReleased)),
        "cells_withdrawn": .int(Int64(counts.cellsWithdrawn)),
      ])
    agenda.unsaid = AggregationCounts()
    agenda.line = .now + settings.activityInterval
  }

  /// Recomputes a part of each dirty course; idle if there was none.
  private func recomputeDirty(
    _ pass: CoursePass, on connection: PostgresConnection
  ) async throws -> (counts: AggregationCounts, isIdle: Bool) {
    var counts = AggregationCounts()
    let courses = try await connection.withTransaction { connection in
      try RollupStore().dirtyCourses(on: connection)
    }
    telemetry.dirtyCourses.set(courses.count)
    for course in courses where !isShuttingDownGracefully {
      let start = ContinuousClock.now
      let done = try await connection.withTransaction { connection in
        try pass.recompute(course, on: connection)
      }
      telemetry.record(done, duration: ContinuousClock.now - start)
      for pace in done.newMismatches {
        logger.warning(
          """
          frames come at another interval than the one that counts for them, so their coverage is wrong: let the LMS \
          declare frame_interval_ms of its sessions or course, or set LECTERN_FRAME_INTERVAL
          """,
          metadata: [
            "course": .int(course), "observed_seconds": .seconds(.milliseconds(pace.observedMilliseconds)),
            "interval_seconds": .seconds(.milliseconds(pace.declaredMilliseconds)),
          ])
      }
      counts += done
    }
    return (counts, courses.isEmpty)
  }

  private var expiry: ExpiryPass { ExpiryPass(settings: settings, logger: logger, telemetry: telemetry) }

  private func closeEndedPeriods(on connection: PostgresConnection) async throws -> AggregationCounts {
    let days = settings.releasePeriodDays
    let (period, courses) = try await connection.withTransaction { connection in
      let period = try RollupStore().today(on: connection).periodStart(days: days)
      return (period, try RollupStore().coursesToClose(before: period, on: connection))
    }
    var counts = AggregationCounts()
    for course in courses { counts += try await close(course, period: period, on: connection) }
    return counts
  }

  private func close(
    _ course: Int64, period: CalendarDay?, on connection: PostgresConnection
  ) async throws -> AggregationCounts {
    let pass = CoursePass(settings: settings)
    let counts = try await connection.withTransaction { connection in
      try pass.close(course, period: period, on: connection)
    }
    telemetry.record(counts, duration: nil)
    return counts
  }

  /// Deletes what pending erasures and revocations cover, in chunks, until there are none or others have them.
  private func resumeErasures(on connection: PostgresConnection) async throws -> AggregationCounts {
    var counts = AggregationCounts()
    let limit = settings.erasureChunk
    while !isShuttingDownGracefully {
      let chunk = try await connection.withTransaction { connection in
        try RollupStore().erasePending(limit: limit, on: connection)
      }
      guard let chunk else { break }
      counts.samplesErased += chunk.samples
      counts.erasures += chunk.isLast ? 1 : 0
      telemetry.samplesErased.increment(by: chunk.samples)
      telemetry.erasures.increment(by: chunk.isLast ? 1 : 0)
    }
    return counts
  }

  /// Deletes the sessions of erased learners: last, because they say which sums belong to the learner.
  private func forgetSessions(on connection: PostgresConnection) async throws {
    while !isShuttingDownGracefully {
      let removed = try await connection.withTransaction { connection in
        try RollupStore().forgetSessions(on: connection)
      }
      if removed == nil { return }
    }
  }

  private func pause(_ duration: Duration) async {
    // Cancelled by shutdown: the loop's condition says what that means.
    _ = try? await cancelWhenGracefulShutdown { try await Task.sleep(for: duration) }
  }
}
