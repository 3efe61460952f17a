import Aggregation
import Analytics
import Cryptography
import Foundation
import Ingest
import LearningEvents
import Persistence
import PostgresIO
import Processes
import Telemetry
import TestSupport
import Testing

extension Integration {
  /// `lectern erase`: what it removes, what it says, and that nothing of the learner comes back.
  @Suite(
    .enabled(if: builtExecutable != nil && PostgresTestServer.isWanted, "LECTERN_TEST_EXECUTABLE names no program"))
  struct EraseTests {
    /// What the command prints with `--json`.
    private struct Receipt: Decodable {
      struct Left: Decodable { let samples, sessions, rollupRows: Int64 }
      let done: Bool
      let erasure: Int64?
      let cutoff, firstCapturedAt, lastCapturedAt: String?
      let samples, sessions, rollupRows: Int64
      let left: Left?
    }

    private func erase(_ learner: String, _ bench: IngestBench, _ flags: [String] = ["--yes"]) async throws -> Receipt {
      let result = try await bench.lectern(
        ["erase", "--source", IngestBench.source, "--learner", learner, "--json"] + flags, deadline: .seconds(120))
      #expect(result.status == .exited(0), "\(result)")
      #expect(!result.error.contains(IngestBench.marker) && !result.output.contains(IngestBench.marker))
      return try JSONDecoder().decode(Receipt.self, from: Data(result.output.utf8))
    }

    /// Rows that name the learner's pseudonym, in every table that has such a column, but for consent and tombstones.
    private func rows(of learner: String, _ bench: IngestBench) async throws -> [String: Int64] {
      let pseudonym = LearnerPseudonymizer(secret: IngestBench.secret)
        .pseudonym(source: IngestBench.source, learnerID: learner)
      let tables = try await bench.owner.query(
        """
        SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE a.attname = 'learner' AND NOT a.attisdropped AND c.relnamespace = 'lectern'::regnamespace
          AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname NOT IN ('consent', 'erasure')
        """
      ).map { try $0.decode(at: 0, as: String.self) }
      #expect(tables.count >= 6)
      var found: [String: Int64] = [:]
      for table in tables {
        let count: Int64 = try await bench.owner.query(
          "SELECT count(*) FROM lectern.\(table) WHERE learner = $1::text::uuid", [.text(pseudonym.uuid)]
        ).single().decode(at: 0)
        if count > 0 { found[table] = count }
      }
      return found
    }

    private func aggregate(_ bench: IngestBench) async throws {
      try await Aggregator(
        postgres: bench.database.settings(role: "lectern_aggregator"),
        settings: AggregatorSettings(releasePolicy: ReleasePolicy(cohortMinimum: 10)!), logger: .silent,
        metrics: MetricsRegistry()
      ).runOnce(closingPeriods: true)
    }

    @Test(.timeLimit(.minutes(3))) func aLearnerIsErasedWithAReceiptAndTheOthersStay() async throws {
      try await IngestBench.run(partitions: 2) { bench in
        let learners = 12
        try await bench.announce(learners: learners)
        let worker = bench.start(IngestRecognizer())
        func send(_ learner: Int, _ sequences: Range<Int32>) async throws {
          for sequence in sequences {
            try await bench.send(
              IngestBench.frame(
                session: "s\(learner)", sequence: sequence, learner: IngestBench.learner(learner)),
              image: IngestPictures.picture(learner * 100 + Int(sequence)), partition: Int32(learner % 2))
          }
        }
        for learner in 0..<learners { try await send(learner, 0..<4) }
        try await bench.settle(Int64(learners * 4), by: worker)
        try await aggregate(bench)
        let victim = IngestBench.learner(3)
        let before = try await rows(of: victim, bench)
        #expect(before["emotion_sample"] == 4 && before["session"] == 1)
        #expect(before["session_segment_sum"] != nil && before["release_contribution"] != nil, "\(before)")

        let dry = try await erase(victim, bench, [])
        #expect(!dry.done && dry.erasure == nil && (dry.samples, dry.sessions) == (4, 1) && dry.rollupRows > 0)
        #expect(try await rows(of: victim, bench) == before)

        let receipt = try await erase(victim, bench)
        #expect(receipt.done && (receipt.samples, receipt.sessions) == (4, 1))
        #expect(receipt.rollupRows == dry.rollupRows && receipt.cutoff != nil && receipt.firstCapturedAt != nil)
        let left = try #require(receipt.left)
        #expect((left.samples, left.sessions, left.rollupRows) == (0, 0, 0))
        #expect(try await rows(of: victim, bench).isEmpty)
        #expect(try await bench.number("SELECT count(*) FROM lectern.erasure WHERE NOT pending") == 1)
        #expect(try await bench.number("SELECT count(*) FROM lectern.emotion_sample") == Int64(learners - 1) * 4)
        #expect(try await bench.number("SELECT count(*) FROM lectern.audit_log WHERE action = 'erase'") == 1)

        // A replay stores nothing; a new consent counts for what is captured after it, in the same session too.
        try await bench.send(
          IngestBench.frame(
            session: "s3", sequence: 0, learner: victim, capturedAt: IngestBench.now.advanced(by: .seconds(-60))),
          image: IngestPictures.picture(300), partition: 1)
        try await bench.settle(Int64(learners * 4) + 1, by: worker)
        #expect(try await bench.rejects(partition: 1).map(\.code) == ["erased"])
        try await bench.apply([IngestBench.consentEvent(learner: victim)])
        try await send(3, 10..<12)
        try await bench.settle(Int64(learners * 4) + 3, by: worker)
        #expect(try await rows(of: victim, bench) == ["emotion_sample": 2, "session": 1])
        let again = try await erase(victim, bench)
        #expect(again.done && (again.samples, again.sessions) == (2, 1))
        #expect(try await rows(of: victim, bench).isEmpty)
        try await worker.stop()
        try await bench.checkArithmetic()
        #expect(!bench.logLines.contains { $0.contains(victim) })
      }
    }

    @Test(.timeLimit(.minutes(1))) func anotherSecretIsRefusedAndAnUnknownLearnerLeavesATombstone() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        let unknown = try await erase(IngestBench.learner("nobody"), bench)
        #expect(unknown.done && (unknown.samples, unknown.sessions, unknown.rollupRows) == (0, 0, 0))
        #expect(try await bench.number("SELECT count(*) FROM lectern.erasure") == 1)
        let other = try await bench.lectern(
          ["erase", "--source", IngestBench.source, "--learner", "x", "--yes"],
          environment: ["LECTERN_PSEUDONYM_SECRET": String(repeating: "x", count: 32)])
        #expect(other.status == .exited(1) && other.error.contains("secret"), "\(other)")
        #expect(try await bench.number("SELECT count(*) FROM lectern.erasure") == 1)
      }
    }

    /// Frames of a learner keep arriving while that learner is erased: nothing of them is there afterwards, 30 times.
    @Test(.timeLimit(.minutes(10))) func erasureRacesWithArrivingFramesAndWins() async throws {
      try await IngestBench.run(partitions: 2) { bench in
        try await bench.apply([IngestBench.courseEvent()])
        let worker = bench.start(IngestRecognizer()) { settings in
          settings.batchAge = .milliseconds(5)
          settings.batchRecords = 8
        }
        try await worker.becomeReady()
        var sent: Int64 = 0
        var removed: Int64 = 0
        for round in 0..<30 {
          let learner = IngestBench.learner("race-\(round)")
          try await bench.apply([IngestBench.consentEvent(learner: learner)])
          let erased = StopFlag()
          let before = sent
          async let sending = {
            var count: Int32 = 0
            // A while longer than the erasure, so that the last ones come when it is over.
            var rest = 10
            while rest > 0 {
              try await bench.send(
                IngestBench.frame(session: "race-\(round)", sequence: count, learner: learner),
                image: IngestPictures.picture(Int(count)), partition: count % 2)
              count += 1
              if erased.isRaised { rest -= 1 }
            }
            return count
          }()
          try await bench.settle(before + Int64(round % 5) * 3, by: worker)
          let receipt = try await erase(learner, bench)
          erased.raise()
          #expect(receipt.done)
          removed += receipt.samples
          sent += Int64(try await sending)
          try await bench.settle(sent, by: worker)
          try await aggregate(bench)
          #expect(try await rows(of: learner, bench).isEmpty, "round \(round)")
        }
        try await worker.stop()
        let counters = try await bench.counters()
        // Both sides of the race were met.
        #expect(removed > 0 && counters.erased == removed && counters.samples == removed)
        #expect(counters.rejects == sent - removed && counters.rejects > 300)
        try await bench.checkArithmetic()
      }
    }
  }
}
