import Aggregation
import Analytics
import Cryptography
import Foundation
import Ingest
import KafkaIO
import LearningEvents
import LogCapturing
import Persistence
import PostgresIO
import Processes
import Recognition
import Synchronization
import Telemetry
import TestSupport
import Testing

extension Operators {
  /// Rejects that are listed, and judged once more beside whatever else goes on.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct RejectTests {
    private func retry(
      _ bench: IngestBench, _ recognizer: IngestRecognizer = IngestRecognizer(),
      _ selection: RetrySelection = RetrySelection()
    ) async throws -> RetryReport {
      var settings = IngestSettings()
      (settings.frameTopic, settings.controlTopic) = (bench.frameTopic, bench.controlTopic)
      (settings.consumerGroup, settings.clusterID) = (bench.group, bench.clusterID)
      return try await RejectRetry(
        IngestParts(
          settings: settings, kafka: bench.server.settings, postgres: bench.database.settings(role: "lectern_ingest"),
          recognizer: recognizer,
          model: ModelDescription(id: recognizer.modelID, labels: Emotion.allCases.map(\.name), isTrained: false),
          pseudonymizer: LearnerPseudonymizer(secret: IngestBench.secret), registry: MetricsRegistry(),
          logger: Logger(label: "retry", level: .trace, sink: bench.log), clock: { IngestBench.now })
      ).run(selection)
    }

    /// Frames `range` of one learner each third, to partition 0 or 1.
    private func send(_ range: Range<Int>, to bench: IngestBench, partition: Int32? = nil) async throws {
      for number in range {
        try await bench.send(
          frame(number), image: IngestPictures.picture(number), partition: partition ?? Int32(number % 2))
      }
    }

    private static let start = IngestBench.now
    private func frame(_ number: Int) -> FrameEvent {
      IngestBench.frame(
        session: "s\(number % 3)", sequence: Int32(number), learner: IngestBench.learner(number % 3),
        capturedAt: Self.start.advanced(by: .milliseconds(number)))
    }

    /// Rejects frames, because nobody consented, and stops the worker.
    private func rejectAll(_ count: Int, _ bench: IngestBench) async throws {
      try await bench.apply([IngestBench.courseEvent()])
      try await send(0..<count, to: bench)
      let worker = bench.start(IngestRecognizer()) { $0.judge.grace = .zero }
      try await bench.settle(Int64(count), by: worker)
      try await worker.stop()
      #expect(try await bench.counters().rejects == Int64(count))
    }

    private func checkSamples(_ count: Int, _ bench: IngestBench) async throws {
      let samples = try await bench.samples()
      #expect(samples.count == count)
      for number in 0..<count {
        let expected = IngestRecognizer.distribution(of: IngestPictures.picture(number)).tenThousandths
        #expect(samples["\(frame(number).sessionID)/\(number)"] == [expected], "frame \(number)")
      }
      try await bench.checkArithmetic()
    }

    @Test func whatIsConsentedToNowBecomesSamples() async throws {
      try await IngestBench.run(partitions: 2) { bench in
        try await rejectAll(30, bench)
        // Two that nothing mends, and a frame again that will be stored by then.
        try await bench.send([], value: [1, 2, 3], partition: 0)
        try await bench.send(frame(4), image: IngestPictures.picture(4), partition: 0)
        try await bench.send(frame(31), image: [9, 9], partition: 1)
        let worker = bench.start(IngestRecognizer()) { $0.judge.grace = .zero }
        try await bench.settle(33, by: worker)

        // Nothing has changed: everything is rejected again, and stays as it is.
        let before = try await retry(bench)
        #expect((before.rejects, before.samples, before.duplicates, before.gone) == (33, 0, 0, 0))
        #expect(try await bench.counters().rejects == 33)

        for learner in 0..<3 {
          try await bench.apply([IngestBench.consentEvent(learner: IngestBench.learner(learner))])
        }
        let recognizer = IngestRecognizer()
        let some = try await retry(
          bench, recognizer, RetrySelection(codes: [.noConsent], partition: 0, limit: 5))
        #expect((some.samples, some.looked, recognizer.count) == (5, 5, 5))
        let others = try await retry(bench, recognizer, RetrySelection(codes: [.badEvent]))
        #expect((others.rejects, others.looked) == (1, 1))
        let rest = try await retry(bench, recognizer)
        // 30 frames, one of them twice; a picture that is none is looked at and rejected for that now.
        #expect((rest.samples, rest.duplicates, rest.rejects, rest.untouched) == (25, 1, 2, 0))
        let counters = try await bench.counters()
        #expect((counters.samples, counters.duplicates, counters.rejects) == (30, 1, 2))
        #expect(Set(try await bench.rejects(partition: 1).map(\.code)) == ["bad_image"])
        try await checkSamples(30, bench)
        // The worker noticed nothing, and goes on.
        try await send(40..<42, to: bench)
        try await bench.settle(35, by: worker)
        try await worker.stop()
        #expect(!bench.log.messages.contains("the ledger is not where this worker left it"))
        #expect(try await bench.number("SELECT count(DISTINCT session_id) FROM lectern.rollup_dirty") == 3)
        // Whoever retries a second time finds only what stayed.
        let again = try await retry(bench)
        #expect((again.rejects, again.looked) == (2, 2))
      }
    }

    /// Whether the consent is known to be later when the frames are judged again, or only when they are stored.
    @Test(arguments: [false, true]) func whatWasCapturedBeforeTheConsentStaysRejected(isLate: Bool) async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.apply([IngestBench.courseEvent()])
        try await send(0..<6, to: bench, partition: 0)
        let worker = bench.start(IngestRecognizer()) { $0.judge.grace = .zero }
        try await bench.settle(6, by: worker)
        try await worker.stop()
        let since = Self.start.advanced(by: .milliseconds(3))
        for learner in 0..<3 {
          let learner = IngestBench.learner(learner)
          try await bench.apply([
            isLate
              ? IngestBench.consentEvent(learner: learner) : IngestBench.consentEvent(learner: learner, at: since)
          ])
        }
        let recognizer = IngestRecognizer { _ in
          if isLate { try await bench.owner.query("UPDATE lectern.consent SET since = $1", [.timestamp(since)]) }
        }
        let report = try await retry(bench, recognizer)
        #expect((report.samples, report.rejects) == (3, 3))
        #expect(try await bench.rejects(partition: 0).map(\.code) == ["no_consent", "no_consent", "no_consent"])
        try await bench.checkArithmetic()
      }
    }

    @Test(.timeLimit(.minutes(3))) func retriesRaceWithEachOtherAndWithAWorkerThatGetsTheSameFrames() async throws {
      try await IngestBench.run(partitions: 2) { bench in
        let frames = 120
        try await rejectAll(frames, bench)
        for learner in 0..<3 {
          try await bench.apply([IngestBench.consentEvent(learner: IngestBench.learner(learner))])
        }
        func slow() -> IngestRecognizer {
          IngestRecognizer { requests in try await Task.sleep(for: .milliseconds(3) * requests.count) }
        }
        let worker = bench.start(slow()) { $0.batchRecords = 7 }
        try await worker.becomeReady()
        // The same frames come again, to the other partition, while two retries are at the first delivery.
        async let sending: Void = {
          for number in 0..<frames {
            try await bench.send(
              frame(number), image: IngestPictures.picture(number), partition: Int32((number + 1) % 2))
          }
        }()
        async let first = retry(bench, slow())
        async let second = retry(bench, slow())
        let (one, two) = (try await first, try await second)
        try await sending
        try await bench.settle(Int64(frames * 2), by: worker)
        try await worker.stop()
        let counters = try await bench.counters()
        // Each frame once, whoever stored it; its other delivery is a duplicate.
        #expect((counters.samples, counters.duplicates, counters.rejects) == (Int64(frames), Int64(frames), 0))
        #expect(one.samples + one.duplicates + two.samples + two.duplicates == Int64(frames))
        #expect(one.gone + two.gone + one.rejects + two.rejects == 0)
        try await checkSamples(frames, bench)
      }
    }

    /// An erasure comes while the frames of its learner are being judged again, ten times: nothing of them is stored.
    @Test(.timeLimit(.minutes(3))) func anErasureDuringARetryWins() async throws {
      try await IngestBench.run(partitions: 2) { bench in
        try await bench.apply([IngestBench.courseEvent()])
        let worker = bench.start(IngestRecognizer()) { $0.judge.grace = .zero }
        for round in 0..<10 {
          let learner = IngestBench.learner("erased-\(round)")
          let pseudonym = LearnerPseudonymizer(secret: IngestBench.secret)
            .pseudonym(source: IngestBench.source, learnerID: learner)
          for number in 0..<6 {
            try await bench.send(
              IngestBench.frame(session: "erased-\(round)", sequence: Int32(number), learner: learner),
              image: IngestPictures.picture(number), partition: Int32(number % 2))
          }
          try await bench.settle(Int64(round + 1) * 6, by: worker)
          try await bench.apply([IngestBench.consentEvent(learner: learner)])
          let (looking, erased) = (StopFlag(), StopFlag())
          // Every second time the erasure is over before the verdict is stored, else it meets it anywhere.
          let waits = round % 2 == 0
          let recognizer = IngestRecognizer { _ in
            looking.raise()
            if waits { await erased.wait() }
          }
          async let report = retry(bench, recognizer)
          await looking.wait()
          _ = try await PrivacyRepository(connection: bench.owner).erase(pseudonym, by: "test")
          try await Aggregator(
            postgres: bench.database.settings(role: "lectern_aggregator"),
            settings: AggregatorSettings(releasePolicy: ReleasePolicy(cohortMinimum: 10)!),
            logger: .silent, metrics: MetricsRegistry()
          ).runOnce()
          erased.raise()
          let result = try await report
          if waits { #expect(result.samples == 0, "round \(round)") }
          let left: Int64 = try await bench.owner.query(
            "SELECT count(*) FROM lectern.emotion_sample WHERE learner = $1::text::uuid", [.text(pseudonym.uuid)]
          ).single().decode(at: 0)
          #expect(left == 0, "round \(round)")
          try await bench.checkArithmetic()
        }
        try await worker.stop()
        #expect(Set(try await bench.rejects(partition: 0).map(\.code)).isSubset(of: ["erased", "no_consent"]))
      }
    }

    /// Another log under the same name has other records at the same places: its rejects are left alone.
    @Test func aLogThatIsNotTheLedgersIsLeftOut() async throws {
      try await IngestBench.run(partitions: 2) { bench in
        try await rejectAll(6, bench)
        for learner in 0..<3 {
          try await bench.apply([IngestBench.consentEvent(learner: IngestBench.learner(learner))])
        }
        try await bench.owner.execute("UPDATE lectern.ingest_ledger SET last_id_hash = 1 WHERE partition = 0")
        // And of the other one a record has another time than its reject.
        try await bench.owner.execute(
          """
          UPDATE lectern.ingest_reject r SET record_timestamp = record_timestamp - interval '1 second'
          FROM lectern.ingest_ledger l
          WHERE l.ledger_id = r.ledger_id AND l.partition = 1 AND r.log_offset = 1
          """)
        let report = try await retry(bench)
        #expect(report.parked.keys.map(\.partition) == [0])
        #expect((report.samples, report.gone) == (2, 1))
        try await bench.checkArithmetic()
      }
    }

    /// Ends every other connection of the database, as a restart does, after something was changed.
    private func interrupt(_ bench: IngestBench, after change: [String] = []) async throws {
      for statement in change { try await bench.owner.execute(statement) }
      _ = try await bench.number(
        """
        SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
        """)
    }

    /// The connection is lost in mid-batch: what was counted then is not counted again.
    @Test func aRetryThatLosesItsConnectionCountsEachRejectOnce() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.apply([IngestBench.courseEvent()])
        try await send(0..<12, to: bench, partition: 0)
        let worker = bench.start(IngestRecognizer()) { $0.judge.grace = .zero }
        try await bench.settle(12, by: worker)
        try await worker.stop()
        for learner in 0..<3 {
          try await bench.apply([IngestBench.consentEvent(learner: IngestBench.learner(learner))])
        }
        // Another record than the rejected one: of it, the log holds nothing.
        try await bench.owner.execute(
          """
          UPDATE lectern.ingest_reject SET record_timestamp = record_timestamp - interval '1 second'
          WHERE log_offset IN (0, 7)
          """)
        let isFirst = Atomic(true)
        let recognizer = IngestRecognizer { _ in
          if isFirst.exchange(false, ordering: .relaxed) { try await interrupt(bench) }
        }
        let report = try await retry(bench, recognizer)
        #expect((report.samples, report.gone, report.looked) == (10, 2, 12))
        #expect(report.abandoned.isEmpty)
        try await bench.checkArithmetic()
      }
    }

    /// The database becomes an older one, whose ledgers have changed numbers: those of the old one are used no more.
    @Test func aRetryLeavesAPartitionWhoseLedgerBecomesAnotherMeanwhile() async throws {
      try await IngestBench.run(partitions: 2) { bench in
        try await rejectAll(12, bench)
        for learner in 0..<3 {
          try await bench.apply([IngestBench.consentEvent(learner: IngestBench.learner(learner))])
        }
        let isFirst = Atomic(true)
        let recognizer = IngestRecognizer { _ in
          guard isFirst.exchange(false, ordering: .relaxed) else { return }
          try await interrupt(
            bench,
            after: [
              "UPDATE lectern.ingest_ledger SET partition = 10 + partition WHERE topic = '\(bench.frameTopic)'",
              "UPDATE lectern.ingest_ledger SET partition = 11 - partition WHERE topic = '\(bench.frameTopic)'",
            ])
        }
        let report = try await retry(bench, recognizer, RetrySelection(partition: 0))
        #expect(report.abandoned.map(\.partition) == [0])
        #expect(report.looked == 0)
        #expect(try await bench.counters().rejects == 12)
      }
    }

    @Test(.enabled(if: builtExecutable != nil, "LECTERN_TEST_EXECUTABLE names no program"))
    func theCommandListsAndPages() async throws {
      try await IngestBench.run(partitions: 2) { bench in
        try await rejectAll(5, bench)
        let counts = try await bench.lectern(["rejects", "list", "--json"])
        #expect(counts.status == .exited(0) && counts.output.contains(#""code":"no_consent","count":5"#), "\(counts)")
        let none = try await bench.lectern(["rejects", "list", "--code", "bad_event", "--json"])
        #expect(none.output == "{\"counts\":[]}\n")
        struct Page: Decodable {
          struct Row: Decodable { let partition: Int32, offset: Int64, code: String }
          let rows: [Row]
          let next: String?
        }
        var seen: [String] = []
        var next: String?
        repeat {
          let page = try await bench.lectern(
            ["rejects", "list", "--rows", "--limit", "2", "--json"] + (next.map { ["--after", $0] } ?? []))
          let decoded = try JSONDecoder().decode(Page.self, from: Data(page.output.utf8))
          seen += decoded.rows.map { "\($0.partition)/\($0.offset)" }
          next = decoded.next
        } while next != nil
        #expect(seen.sorted() == ["0/0", "0/1", "0/2", "1/0", "1/1"])
        let rows = try await bench.lectern(["rejects", "list", "--rows", "--partition", "1"])
        #expect(rows.output.contains("\(bench.frameTopic)[1]/1") && !rows.output.contains("[0]/"))
        // What the LMS finds its record by, and nobody's id.
        #expect(rows.output.contains("course \(IngestBench.course.text)"))
        #expect(!rows.output.contains("learner-") && !counts.output.contains(IngestBench.marker))
        // Judging needs what a worker needs.
        let refused = try await bench.lectern(["rejects", "retry"])
        #expect(refused.status == .exited(78) && refused.error.contains("LECTERN_MODEL_BUNDLE"), "\(refused)")
      }
    }
  }
}
