import Aggregation
import Analytics
import Foundation
import Ingest
import KafkaIO
import LearningEvents
import LocalServers
import Persistence
import PostgresIO
import Processes
import Services
import Telemetry
import TestSupport
import Testing

extension Operators {
  /// `lectern verify`: a healthy system passes while everything runs, and each thing that is wrong is found by its
  /// check.
  @Suite(
    .enabled(if: builtExecutable != nil && PostgresTestServer.isWanted, "LECTERN_TEST_EXECUTABLE names no program"))
  struct VerifyTests {
    /// What the command prints with `--json`: the documented shape, read strictly.
    private struct Report: Decodable {
      struct Place: Decodable {
        let ledger: Int32?, topic: String?, partition: Int32?, offset: Int64?, course: Int64?, detail: String
      }
      struct Check: Decodable { let name, compares, outcome: String, violations: Int64, places: [Place], note: String? }
      struct Counts: Decodable {
        let ledgers: Int, samples, rejects: Int64
        let courses, sessionsRecomputed, sessionsDirty, sessionsFrozen: Int
      }
      struct Lag: Decodable {
        struct Partition: Decodable { let topic: String, partition, ledger: Int32, next, end, lag: Int64 }
        let records: Int64, partitions: [Partition]
      }
      let ok: Bool, at: String, checks: [Check], counts: Counts, lag: Lag?, milliseconds: Int64

      var failed: [String] { checks.filter { $0.outcome == "failed" }.map(\.name).sorted() }
    }

    static let names = [
      "ledger_arithmetic", "ledgers_apart", "duplicates_of_samples", "samples_counted", "rejects_counted",
      "offsets_in_range", "samples_in_sessions", "places_unique", "keys_unique", "ledger_within_log",
      "rollup_session_sums",
      "rollup_minute_sums", "rollup_learner_metrics", "rollup_segment_metrics", "released_cells",
    ]

    private func verify(
      _ bench: IngestBench, _ flags: [String] = [], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Report {
      let result = try await bench.lectern(["verify", "--json"] + flags, deadline: .seconds(120))
      try #require(!result.output.isEmpty, "\(result)", sourceLocation: sourceLocation)
      let report = try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
      #expect(result.status == .exited(report.ok ? 0 : 1), "\(result)", sourceLocation: sourceLocation)
      #expect(report.checks.map(\.name) == Self.names, sourceLocation: sourceLocation)
      #expect(!(result.output + result.error).contains(IngestBench.learner(0).text), sourceLocation: sourceLocation)
      return report
    }

    private func aggregator(_ bench: IngestBench) -> Aggregator {
      Aggregator(
        postgres: bench.database.settings(role: "lectern_aggregator"),
        settings: AggregatorSettings(releasePolicy: ReleasePolicy(cohortMinimum: 10)!, pollInterval: .milliseconds(50)),
        logger: .silent, metrics: MetricsRegistry())
    }

    /// Twelve frames of two learners who consent, four of one who does not, and four that come twice.
    private func fill(_ bench: IngestBench) async throws {
      try await bench.announce(learners: 2)
      for number in 0..<20 {
        let learner = number < 12 ? number % 2 : number < 16 ? 2 : number % 2
        let frame = IngestBench.frame(
          session: "s\(learner)", sequence: Int32(number < 16 ? number : number - 16),
          learner: IngestBench.learner(learner),
          capturedAt: Self.start.advanced(by: .seconds(Int64(number < 16 ? number : number - 16))))
        try await bench.send(frame, image: IngestPictures.picture(number % 16), partition: Int32(number % 2))
      }
      let worker = bench.start(IngestRecognizer()) { $0.judge.grace = .zero }
      try await bench.settle(20, by: worker)
      try await worker.stop()
      try await aggregator(bench).runOnce()
      let counters = try await bench.counters()
      #expect((counters.samples, counters.rejects, counters.duplicates) == (12, 4, 4))
    }

    private static let start = IngestBench.now

    @Test(.timeLimit(.minutes(3))) func aHealthyDatabasePassesAndAStrangeLogDoesNot() async throws {
      try await IngestBench.run(partitions: 2) { bench in
        try await fill(bench)
        let healthy = try await verify(bench)
        #expect(healthy.ok && healthy.checks.allSatisfy { $0.outcome == "ok" && $0.violations == 0 }, "\(healthy)")
        // Two partitions of frames and the control topic.
        #expect((healthy.counts.ledgers, healthy.counts.samples, healthy.counts.rejects) == (3, 12, 4))
        #expect((healthy.counts.courses, healthy.counts.sessionsRecomputed) == (1, 2))
        #expect(healthy.lag?.records == 0 && healthy.lag?.partitions.count == 3)
        let text = try await bench.lectern(["verify"])
        #expect(text.status == .exited(0) && text.output.hasSuffix("everything that was checked holds\n"), "\(text)")

        // Records nobody read yet are lag, and no finding.
        try await bench.send(IngestBench.frame(session: "s0", sequence: 90), image: [1], partition: 1)
        let behind = try await verify(bench)
        #expect(behind.ok && behind.lag?.records == 1 && behind.lag?.partitions.first { $0.lag == 1 }?.partition == 1)

        // The ledger is beyond the log's end, and remembers a partition that is not there.
        try await bench.owner.execute(
          """
          UPDATE lectern.ingest_ledger SET next_offset = next_offset + 7, duplicates = duplicates + 7
          WHERE partition = 0 AND samples > 0;
          INSERT INTO lectern.ingest_ledger (cluster_id, topic, partition, consumer_group, first_offset, next_offset)
          SELECT cluster_id, topic, 77, consumer_group, 0, 0 FROM lectern.ingest_ledger WHERE samples > 0 LIMIT 1
          """)
        let beyond = try await verify(bench)
        #expect(beyond.failed == ["ledger_within_log"])
        let places = beyond.checks.first { $0.name == "ledger_within_log" }?.places ?? []
        #expect(Set(places.compactMap(\.partition)) == [0, 77], "\(places)")
        // A topic that nobody reads any more may go, and its ledger stays.
        try await bench.owner.execute(
          """
          UPDATE lectern.ingest_ledger SET next_offset = next_offset - 7, duplicates = duplicates - 7
          WHERE partition = 0 AND samples > 0;
          UPDATE lectern.ingest_ledger SET topic = topic || '-retired' WHERE partition = 77
          """)
        // (The embedded broker makes a topic it is asked for.)
        if KafkaTestServer.isReal {
          let retired = try await verify(bench)
          #expect(retired.ok, "\(retired)")
          let note = retired.checks.first { $0.name == "ledger_within_log" }?.note
          #expect(note?.contains("\(bench.frameTopic)-retired is neither in the cluster nor configured") == true)
        }
        let left = try await verify(bench, ["--database-only"])
        #expect(left.ok && left.lag == nil)
        #expect(left.checks.first { $0.name == "ledger_within_log" }?.outcome == "skipped")

        // A wrong rollup and a missing sample, seen by the role that runs it.
        try await bench.owner.execute(
          """
          UPDATE lectern.segment_metric SET mean = mean + 1 WHERE metric = 'coverage'
          """)
        let rollup = try await verify(bench, ["--database-only"])
        #expect(rollup.failed == ["rollup_segment_metrics"])
        #expect(rollup.checks.first { $0.name == "rollup_segment_metrics" }?.places.first?.course != nil)
        let table = try await bench.lectern(["verify", "--database-only"])
        #expect(table.status == .exited(1) && table.output.contains("FAILED"), "\(table)")
      }
    }

    /// What somebody with all rights could do to a database, and what then does not hold: that and nothing else.
    private static let corruptions: [(what: String, statements: String, failed: Set<String>)] = [
      (
        "a counter that is raised",
        """
        ALTER TABLE lectern.ingest_ledger DROP CONSTRAINT ledger_adds_up;
        UPDATE lectern.ingest_ledger SET duplicates = duplicates + 1 WHERE ledger_id = :one
        """, ["ledger_arithmetic"]
      ),
      (
        "a last record that was never taken",
        "UPDATE lectern.ingest_ledger SET last_offset = next_offset WHERE ledger_id = :one", ["ledger_arithmetic"]
      ),
      (
        "duplicates of what was never stored",
        """
        DELETE FROM lectern.emotion_sample;
        UPDATE lectern.ingest_ledger SET duplicates = duplicates + samples, samples = 0
        """, ["duplicates_of_samples"]
      ),
      (
        "a sample that is gone",
        """
        DELETE FROM lectern.emotion_sample
        WHERE ctid = (SELECT min(ctid) FROM lectern.emotion_sample WHERE ledger_id = :one) AND ledger_id = :one
        """,
        ["samples_counted"]
      ),
      (
        "an erasure that is counted and was none",
        "UPDATE lectern.ingest_ledger SET erased = erased + 1 WHERE ledger_id = :one", ["samples_counted"]
      ),
      (
        "samples of a ledger there is none of",
        "UPDATE lectern.emotion_sample SET ledger_id = 9999 WHERE ledger_id = :one",
        ["samples_counted", "offsets_in_range"]
      ),
      (
        "a reject that is gone",
        "DELETE FROM lectern.ingest_reject WHERE log_offset = (SELECT min(log_offset) FROM lectern.ingest_reject)",
        ["rejects_counted"]
      ),
      (
        "a sample from behind the ledger's end",
        """
        UPDATE lectern.emotion_sample SET log_offset = 5000 WHERE ledger_id = :one
          AND log_offset = (SELECT max(log_offset) FROM lectern.emotion_sample WHERE ledger_id = :one)
        """, ["offsets_in_range"]
      ),
      (
        "a session of another learner",
        "UPDATE lectern.session SET learner = gen_random_uuid() WHERE session_id = (SELECT min(session_id) FROM lectern.session)",
        ["samples_in_sessions"]
      ),
      (
        "a session that is gone",
        "DELETE FROM lectern.session WHERE session_id = (SELECT min(session_id) FROM lectern.session)",
        ["samples_in_sessions"]
      ),
      (
        "a record that is sample and reject",
        """
        INSERT INTO lectern.ingest_reject (ledger_id, log_offset, code, rejected_at)
        SELECT ledger_id, min(log_offset), 'bad_image', now() FROM lectern.emotion_sample WHERE ledger_id = :one
        GROUP BY ledger_id;
        UPDATE lectern.ingest_ledger SET rejects = rejects + 1, duplicates = duplicates - 1 WHERE ledger_id = :one
        """, ["places_unique"]
      ),
      (
        "a record that is two samples",
        """
        UPDATE lectern.emotion_sample SET log_offset = (SELECT min(log_offset) FROM lectern.emotion_sample WHERE ledger_id = :one)
        WHERE ledger_id = :one AND log_offset = (SELECT max(log_offset) FROM lectern.emotion_sample WHERE ledger_id = :one)
        """, ["places_unique"]
      ),
      (
        "a frame that is stored on two days",
        """
        INSERT INTO lectern.emotion_sample (session_id, course_id, log_offset, captured_at, ingested_at, learner,
          session_day, seq, ledger_id, model_id, status, face_count, quality)
        SELECT session_id, course_id, (SELECT min(o) FROM generate_series(0, 9) o WHERE NOT EXISTS (
            SELECT FROM lectern.emotion_sample WHERE ledger_id = :one AND log_offset = o) AND NOT EXISTS (
            SELECT FROM lectern.ingest_reject WHERE ledger_id = :one AND log_offset = o)),
          captured_at, ingested_at, learner, session_day + 1, seq, ledger_id, model_id, 1, 0, 0
        FROM lectern.emotion_sample WHERE ledger_id = :one LIMIT 1;
        UPDATE lectern.ingest_ledger SET samples = samples + 1, duplicates = duplicates - 1 WHERE ledger_id = :one
        """, ["keys_unique", "samples_in_sessions"]
      ),
      (
        "an incarnation that is missing",
        """
        INSERT INTO lectern.ingest_ledger (cluster_id, topic, incarnation, partition, consumer_group, first_offset, next_offset)
        SELECT cluster_id, topic, 2, partition, consumer_group, 0, 0 FROM lectern.ingest_ledger WHERE ledger_id = :one
        """, ["ledgers_apart"]
      ),
      (
        "nothing: rejects of an old incarnation are retried after the next has begun",
        """
        INSERT INTO lectern.ingest_ledger (
          cluster_id, topic, incarnation, partition, consumer_group, first_offset, next_offset, created_at)
        SELECT cluster_id, topic, 1, partition, consumer_group, 0, 0, updated_at - interval '1 s'
        FROM lectern.ingest_ledger WHERE ledger_id = :one
        """, []
      ),
    ]

    @Test(.timeLimit(.minutes(3))) func eachThingThatIsWrongIsFoundByItsCheckAlone() async throws {
      try await IngestBench.run(partitions: 2) { bench in
        try await fill(bench)
        let one = try await bench.number(
          "SELECT min(ledger_id) FROM lectern.ingest_ledger WHERE samples > 1 AND duplicates > 0")
        for (what, statements, failed) in Self.corruptions {
          let checks = try await checks(of: bench, after: statements.replacing(":one", with: "\(one)"))
          #expect(Set(checks.filter { $0.outcome == .failed }.map(\.name)) == failed, "\(what): \(checks)")
          for check in checks where check.outcome == .failed {
            #expect(check.violations > 0 && (1...5).contains(check.places.count), "\(what): \(check)")
            #expect(check.places.allSatisfy { $0.ledger != nil }, "\(what): \(check)")
          }
        }
        // Nothing of it was kept.
        let checks = try await checks(of: bench, after: "SELECT 1")
        #expect(checks.count == 9 && checks.allSatisfy { $0.outcome == .ok })
      }
    }

    /// Many partitions, far away, take long in all: that is no silence.
    @Test(.timeLimit(.minutes(3))) func theDeadlineIsEachPartitionsOwn() async throws {
      let (partitions, topic) = (8, "distant" as TopicName)
      let broker = try await BlockingThread().run {
        let broker = try EmbeddedBroker(logger: .silent)
        try broker.createTopic(topic, partitions: partitions)
        return broker
      }
      let producer = try KafkaProducer(settings: broker.settings, logger: .silent)
      for partition in 0..<Int32(partitions) {
        _ = try await producer.produce(topic: topic, key: [], headers: [], value: [1], partition: partition)
      }
      try await BlockingThread().run { try broker.cluster.setRoundTripTime(milliseconds: 150) }
      // What each remembers of its only record is wrong, which shows that the record was read.
      let ledgers = (0..<Int32(partitions)).map { partition in
        LedgerRow(
          ledgerID: partition + 1, log: LogIdentity(clusterID: "c", topic: topic, incarnation: 0, partition: partition),
          consumerGroup: "lectern", epoch: 1, firstOffset: 0, nextOffset: 1,
          last: RecordMark(offset: 0, timestampMilliseconds: 1, idHash: 1), counters: LedgerCounters(),
          updatedAt: Self.start)
      }
      func examine(within deadline: Duration) async throws -> Duration {
        let begin = ContinuousClock.now
        let found = try await LedgerExamination.run(
          ledgers, kafka: broker.settings, deadline: deadline, logger: .silent)
        #expect(found.map(\.reason) == ledgers.map { _ in .recordDiffers(offset: 0, sameUpTo: nil) })
        return begin.duration(to: .now)
      }
      let whole = try await examine(within: .seconds(30))
      _ = try await examine(within: whole / 2)
    }

    private struct Undone: Error { let checks: [ConsistencyCheck] }

    /// What is found in a transaction that first does something, and is then rolled back.
    private func checks(of bench: IngestBench, after statements: String) async throws -> [ConsistencyCheck] {
      do {
        try await bench.owner.withTransaction { connection in
          try connection.execute(statements)
          throw Undone(checks: try LogConsistency().run(on: connection).checks)
        }
        return []
      } catch let undone as Undone {
        return undone.checks
      }
    }

    /// Workers, an aggregator and an erasure at work: every look is consistent in itself.
    @Test(.timeLimit(.minutes(4))) func everyLookAtARunningSystemHolds() async throws {
      try await IngestBench.run(partitions: 2) { bench in
        try await bench.announce(learners: 4)
        let workers = (0..<2).map { _ in bench.start(IngestRecognizer()) { $0.judge.grace = .zero } }
        let shutdown = GracefulShutdown()
        let aggregator = aggregator(bench)
        let aggregating = GracefulShutdown.$current.withValue(shutdown) { Task { try await aggregator.run() } }
        let total = 600
        let sending = Task {
          for number in 0..<total {
            // Learner 4 did not consent; every tenth frame comes twice.
            let learner = number % 5
            let sequence = Int32(number % 10 == 9 ? number - 5 : number)
            try await bench.send(
              IngestBench.frame(
                session: "s\(learner)", sequence: sequence, learner: IngestBench.learner(learner),
                capturedAt: Self.start.advanced(by: .milliseconds(Int(sequence) * 100))),
              image: IngestPictures.picture(number), partition: Int32(number % 2))
            // So that it lasts for several looks, however fast the machine is.
            try await Task.sleep(for: .milliseconds(10))
          }
        }
        var looks = 0
        var last: Int64 = 0
        var growing = 0
        while last < Int64(total) * 4 / 5 {
          let report = try await verify(bench)
          #expect(report.ok, "\(report.checks.filter { $0.outcome != "ok" })")
          last = report.counts.samples + report.counts.rejects
          if last > 0 { growing += 1 }
          looks += 1
          if looks == 3 {
            let receipt = try await bench.lectern(
              [
                "erase", "--source", IngestBench.source.text, "--learner", IngestBench.learner(3).text, "--yes",
                "--database-only",
              ])
            #expect(receipt.status == .exited(0), "\(receipt)")
          }
          guard looks < 100 else { break }
          let progress = try await bench.progress()
          if progress == Int64(total) { break }
        }
        try await sending.value
        try await bench.settle(Int64(total), by: workers[0], workers[1], within: .seconds(90))
        #expect(growing > 1, "the looks came before or after the work")
        for worker in workers { try await worker.stop() }
        shutdown.trigger()
        try await aggregating.value
        let end = try await verify(bench)
        #expect(end.ok && end.lag?.records == 0 && end.counts.courses == 1, "\(end)")
      }
    }
  }
}
