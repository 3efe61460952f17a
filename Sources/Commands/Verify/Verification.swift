import Aggregation
import Arguments
import Configuration
import Ingest
import LearningEvents
import Persistence
import PostgresIO

/// Verifies a running system: everything of the database in one snapshot, then the logs.
struct Verification {
  let context: CommandContext
  /// Why the logs are left out; nil compares them.
  let kafkaIsLeftOut: String?
  /// Told of checks as they are made, on any thread.
  var progress: @Sendable ([ConsistencyCheck]) -> Void = { _ in }

  /// Cancelled, it has the server cancel what it is at, and throws.
  func run() async throws -> VerifyReport {
    let uptime = context.environment.uptime
    let begin = uptime()
    let verification = RollupVerification(settings: context.aggregation)
    return try await context.withConnection(
      role: .aggregator, application: "verify", statementsMayTakeLong: true
    ) { connection in
      let (at, log, rollups, took) = try await withTaskCancellationHandler {
        try await connection.withTransaction(.snapshot) { connection in
          try LogConsistency().prepare(on: connection)
          let at: EventTime = try connection.query("SELECT now()").single().decode(at: 0)
          let log = try LogConsistency().run(on: connection)
          progress(log.checks)
          try Task.checkCancellation()
          let begin = uptime()
          let rollups = try verification.report(on: connection)
          return (at, log, rollups, uptime() - begin)
        }
      } onCancel: {
        connection.cancel()
      }
      progress(Self.checks(of: rollups, took: took))
      let (ends, lag) = await compareWithLogs(log.ledgers, LedgerRepository(connection: connection))
      try Task.checkCancellation()
      let checks = log.checks + [ends] + Self.checks(of: rollups, took: took)
      return VerifyReport(at: at, log: log, rollups: rollups, checks: checks, lag: lag, took: uptime() - begin)
    }
  }

  // MARK: Rollups

  private static func checks(of report: RollupVerification.Report, took: Duration) -> [ConsistencyCheck] {
    func check(_ name: String, _ what: String, _ difference: RollupDifference, took: Duration? = nil)
      -> ConsistencyCheck
    {
      ConsistencyCheck(
        name, compares: "\(what) EXCEPT their recomputation, both ways",
        violations: Int64(difference.storedOnly + difference.recomputedOnly),
        places: difference.courses.map {
          ConsistencyCheck.Place(course: $0, detail: "stored rows and recomputed ones differ")
        }, took: took)
    }
    return [
      check("rollup_session_sums", "sums of sessions", report.sessionSums, took: took),
      check("rollup_minute_sums", "sums by minute", report.minuteSums),
      check("rollup_learner_metrics", "metrics of learners", report.learnerMetrics),
      check("rollup_segment_metrics", "metrics of segments", report.segmentMetrics),
      ConsistencyCheck(
        "released_cells", compares: "no shown cell under the cohort minimum",
        violations: Int64(report.cellsUnderMinimum), places: []),
    ]
  }

  // MARK: Logs

  private static let name = "ledger_within_log"
  private static let compares = "a ledger's next offset, last record and marks are in its log"

  /// How long Kafka may take to answer about one partition.
  private static let deadline = Duration.seconds(15)

  /// Kafka is asked after the snapshot, so a log is never younger than its ledger. A ledger that does not fit its log,
  /// or has none, is read and compared again: retention and workers go on meanwhile, and brokers learn of topics late.
  private func compareWithLogs(
    _ ledgers: [LedgerRow], _ repository: LedgerRepository
  ) async -> (ConsistencyCheck, VerifyReport.Lag?) {
    func unmade(_ outcome: ConsistencyCheck.Outcome, _ reason: String) -> (ConsistencyCheck, VerifyReport.Lag?) {
      (ConsistencyCheck(Self.name, compares: Self.compares, unmade: outcome, because: reason), nil)
    }
    if let kafkaIsLeftOut { return unmade(.skipped, kafkaIsLeftOut) }
    let uptime = context.environment.uptime
    let begin = uptime()
    do {
      let cluster = try await context.clusterID(deadline: Self.deadline)
      let own = ledgers.filter { $0.log.clusterID == cluster }
      guard !own.isEmpty || ledgers.isEmpty else {
        return unmade(
          .skipped, "no ledger is of cluster \(cluster), which answers; \(Keys.clusterID.name) names another")
      }
      let first = try await LedgerExamination.survey(
        own, kafka: context.kafka, deadline: Self.deadline, logger: context.logger)
      var places: [ConsistencyCheck.Place] = []
      var retired: Set<TopicName> = []
      let suspects = Set(first.examinations.filter { $0.reason != nil }.map(\.ledger.ledgerID))
        .union(first.withoutLog.map(\.ledgerID))
      if !suspects.isEmpty {
        let now = try await repository.ledgers(clusterID: cluster).filter { suspects.contains($0.ledgerID) }
        let second = try await LedgerExamination.survey(
          now, kafka: context.kafka, deadline: Self.deadline, logger: context.logger)
        // A topic that is no longer configured may be deleted; its ledgers stay and cannot be compared.
        retired = second.missingTopics.subtracting([
          context.settings[Keys.frameTopic], context.settings[Keys.controlTopic],
        ])
        for ledger in second.withoutLog where !retired.contains(ledger.log.topic) {
          places.append(
            ConsistencyCheck.Place(
              ledger: ledger.ledgerID, log: ledger.log,
              detail: ParkReason.logIsGone(nextOffset: ledger.nextOffset).description))
        }
        for examination in second.examinations {
          guard let reason = examination.reason else { continue }
          places.append(
            ConsistencyCheck.Place(
              ledger: examination.ledger.ledgerID, log: examination.ledger.log,
              offset: examination.ledger.nextOffset, detail: reason.description))
        }
      }
      let partitions = first.examinations.map { examination in
        VerifyReport.Lag.Partition(
          topic: examination.ledger.log.topic, partition: examination.ledger.log.partition,
          ledger: examination.ledger.ledgerID, next: examination.ledger.nextOffset, end: examination.highWatermark)
      }
      let others = Set(ledgers.map(\.log.clusterID)).subtracting([cluster]).count
      var notes = retired.sorted().map {
        "topic \($0) is neither in the cluster nor configured: its ledgers stand alone"
      }
      if others > 0 { notes.append("ledgers of \(others) other clusters were not compared with a log") }
      let check = ConsistencyCheck(
        Self.name, compares: Self.compares, violations: Int64(places.count), places: places, took: uptime() - begin,
        note: notes.isEmpty ? nil : notes.joined(separator: "; "))
      return (check, VerifyReport.Lag(partitions))
    } catch {
      return unmade(.failed, "Kafka did not answer: \(error)")
    }
  }
}
