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

extension Operators {
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

    private func erase(_ learner: LearnerID, _ bench: IngestBench, _ flags: [String] = ["--yes"]) async throws
      -> Receipt
    {
      let result = try await bench.lectern(
        ["erase", "--source", IngestBench.source.text, "--learner", learner.text, "--json"] + flags,
        deadline: .seconds(120))
      #expect(result.status == .exited(0), "\(result)")
      #expect(!result.error.contains(IngestBench.marker) && !result.output.contains(IngestBench.marker))
      return try JSONDecoder().decode(Receipt.self, from: Data(result.output.utf8))
    }

    /// Rows that name the learner's pseudonym, in every table that has such a column, but for consent and tombstones.
    private func rows(of learner: LearnerID, _ bench: IngestBench) async throws -> [String: Int64] {
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
        try await bench.aggregate()
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
        #expect(try await bench.number("SELECT count(*) FROM audit.entry WHERE action = 'erase'") == 1)
        // So does a look that changes nothing.
        #expect(try await bench.number("SELECT count(*) FROM audit.entry WHERE action = 'learner.read'") > 0)

        // A replay stores nothing; a new consent counts for what is captured after it, in the same session too.
        try await bench.send(
          IngestBench.frame(
            session: "s3", sequence: 0, learner: victim, capturedAt: IngestBench.now.advanced(by: .seconds(-60))),
          image: IngestPictures.picture(300), partition: 1)
        try await bench.settle(Int64(learners * 4) + 1, by: worker)
        #expect(try await bench.rejects(partition: 1).map(\.code) == ["erased"])
        try await bench.apply([IngestBench.consentEvent(learner: victim, at: IngestBench.now)])
        try await send(3, 10..<12)
        try await bench.settle(Int64(learners * 4) + 3, by: worker)
        #expect(try await rows(of: victim, bench) == ["emotion_sample": 2, "session": 1])
        let again = try await erase(victim, bench)
        #expect(again.done && (again.samples, again.sessions) == (2, 1))
        #expect(try await rows(of: victim, bench).isEmpty)
        try await worker.stop()
        try await bench.checkArithmetic()
        #expect(!bench.logLines.contains { $0.contains(victim.text) })
      }
    }

    /// Whoever erases somebody is configured otherwise than the aggregator: nothing is released by another minimum, and
    /// nobody else's samples go.
    @Test(.timeLimit(.minutes(2))) func anErasureChangesNothingOfOthersHoweverItIsConfigured() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        let learners = 8
        try await bench.announce(learners: learners)
        let worker = bench.start(IngestRecognizer())
        for learner in 0..<learners {
          for sequence in 0..<6 as Range<Int32> {
            try await bench.send(
              IngestBench.frame(session: "s\(learner)", sequence: sequence, learner: IngestBench.learner(learner)),
              image: IngestPictures.picture(learner * 100 + Int(sequence)), partition: 0)
          }
        }
        try await bench.settle(Int64(learners * 6), by: worker)
        try await worker.stop()
        let aggregated = try await bench.lectern(
          ["aggregate", "--once"], environment: ["LECTERN_COHORT_MINIMUM": "20"])
        #expect(aggregated.status == .exited(0), "\(aggregated)")
        // A day that this retention lets go.
        try await bench.owner.execute(
          """
          CREATE TABLE lectern.emotion_sample_20260102 PARTITION OF lectern.emotion_sample
          FOR VALUES FROM ('2026-01-02') TO ('2026-01-03')
          """)
        let receipt = try await bench.lectern(
          ["erase", "--source", IngestBench.source.text, "--learner", IngestBench.learner(3).text, "--yes"],
          environment: ["LECTERN_COHORT_MINIMUM": "5", "LECTERN_SAMPLE_RETENTION_DAYS": "30"])
        #expect(receipt.status == .exited(0), "\(receipt)")
        #expect(try await bench.number("SELECT count(*) FROM lectern.release_cell WHERE shown") == 0)
        #expect(try await bench.number("SELECT count(to_regclass('lectern.emotion_sample_20260102'))") == 1)
        #expect(try await bench.number("SELECT cohort_minimum FROM lectern.deployment") == 20)
        // The same work as an aggregator of that minimum shows figures of these seven.
        try await bench.owner.execute(
          "INSERT INTO lectern.rollup_dirty SELECT course_id, session_day, session_id FROM lectern.session")
        _ = try await bench.lectern(["aggregate", "--once"], environment: ["LECTERN_COHORT_MINIMUM": "5"])
        #expect(try await bench.number("SELECT count(*) FROM lectern.release_cell WHERE shown") > 0)
      }
    }

    @Test(.timeLimit(.minutes(1))) func anotherSecretIsRefusedAndAnUnknownLearnerLeavesATombstone() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        let unknown = try await erase(IngestBench.learner("nobody"), bench, ["--yes", "--unknown", "--database-only"])
        #expect(unknown.done && (unknown.samples, unknown.sessions, unknown.rollupRows) == (0, 0, 0))
        #expect(try await bench.number("SELECT count(*) FROM lectern.erasure") == 1)
        let other = try await bench.lectern(
          ["erase", "--source", IngestBench.source.text, "--learner", "x", "--yes"],
          environment: ["LECTERN_PSEUDONYM_SECRET": String(repeating: "x", count: 32)])
        #expect(other.status == .exited(1) && other.error.contains("secret"), "\(other)")
        #expect(try await bench.number("SELECT count(*) FROM lectern.erasure") == 1)
      }
    }

    /// `lectern consent`: an LMS whose clock runs ahead keeps nobody in, and a grant that changes nothing is no
    /// success.
    @Test(.timeLimit(.minutes(1))) func anOperatorRevokesAConsentThatIsDatedLater() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        let ahead = IngestBench.now.advanced(by: .seconds(86_400))
        let learner = IngestBench.learner("ahead")
        try await bench.apply([
          .consent(
            ConsentEvent(
              eventID: "a-\(IngestBench.marker)", source: IngestBench.source, time: ahead, learnerID: learner,
              scope: .analytics, granted: true))
        ])
        func consent(_ word: String, of learner: LearnerID) async throws -> (Processes.ExitStatus, String) {
          let result = try await bench.lectern(
            ["consent", word, "--source", IngestBench.source.text, "--learner", learner.text])
          #expect(!result.error.contains(IngestBench.marker) && !result.output.contains(IngestBench.marker))
          return (result.status, result.output + result.error)
        }
        try await bench.apply([IngestBench.courseEvent()])
        let early = try await consent("grant", of: learner)
        #expect(early.0 == .exited(1) && early.1.contains("analytics is granted as of \(ahead)"), "\(early)")
        let revoked = try await consent("revoke", of: learner)
        #expect(revoked.0 == .exited(0) && revoked.1.contains("applied, as of \(ahead)"), "\(revoked)")
        #expect(try await isRevoked(learner, bench))
        #expect(try await bench.number("SELECT count(*) FROM lectern.consent WHERE granted") == 0)
        let late = try await consent("grant", of: learner)
        #expect(late.0 == .exited(1) && late.1.contains("analytics is revoked as of \(ahead)"), "\(late)")
        #expect(try await bench.number("SELECT count(*) FROM lectern.consent WHERE granted") == 0)
        // Whoever has no such event is granted and revoked now.
        let other = IngestBench.learner("punctual")
        let granted = try await consent("grant", of: other)
        #expect(granted.0 == .exited(0) && granted.1.hasPrefix("1 applied\n"), "\(granted)")
        let withdrawn = try await consent("revoke", of: other)
        #expect(withdrawn.0 == .exited(0) && withdrawn.1.hasPrefix("1 applied\n"), "\(withdrawn)")
        #expect(try await isRevoked(other, bench))
      }
    }

    /// Frames of learners keep arriving while they are erased or revoke their consent: nothing of them is there
    /// afterwards, 30 times each. Three of each kind race at once, each with a sender of its own.
    @Test(.timeLimit(.minutes(6))) func erasureAndRevocationRaceWithArrivingFramesAndWin() async throws {
      try await IngestBench.run(partitions: 2) { bench in
        try await bench.apply([IngestBench.courseEvent()])
        let worker = bench.start(IngestRecognizer()) { settings in
          settings.batchAge = .milliseconds(5)
          settings.batchRecords = 8
        }
        try await worker.becomeReady()
        let (rounds, atOnce) = (10, 3)
        var (sent, removed): (Int64, Int64) = (0, 0)
        for round in 0..<rounds {
          let erased = (0..<atOnce).map { IngestBench.learner("erased-\(round)-\($0)") }
          let revoked = (0..<atOnce).map { IngestBench.learner("revoked-\(round)-\($0)") }
          try await bench.apply((erased + revoked).map { IngestBench.consentEvent(learner: $0) })
          let over = (erased + revoked).map { _ in StopFlag() }
          try await withThrowingTaskGroup(of: Int64.self) { group in
            for (index, learner) in (erased + revoked).enumerated() {
              group.addTask { try await sendFrames(of: learner, index, to: bench, until: over[index]) }
            }
            try await bench.wait(for: "a sample of each") {
              try await bench.number(
                """
                SELECT count(DISTINCT e.learner) FROM lectern.emotion_sample e
                WHERE NOT EXISTS (SELECT FROM lectern.erasure x WHERE x.learner = e.learner)
                """) == Int64(2 * atOnce)
            }
            try await Task.sleep(for: .milliseconds(round * 7))
            removed += try await withThrowingTaskGroup(of: Int64.self) { orders in
              for (index, learner) in erased.enumerated() {
                orders.addTask {
                  let receipt = try await erase(learner, bench, ["--yes", "--database-only"])
                  #expect(receipt.done)
                  over[index].raise()
                  return receipt.samples
                }
              }
              for (index, learner) in revoked.enumerated() {
                orders.addTask {
                  try await bench.send(IngestBench.consentEvent(learner: learner, granted: false))
                  try await bench.wait(for: "the revocation") { try await isRevoked(learner, bench) }
                  over[atOnce + index].raise()
                  return 0
                }
              }
              return try await orders.reduce(0, +)
            }
            sent += try await group.reduce(0, +)
          }
          try await bench.settle(sent, by: worker)
          let now = IngestBench.now
          for learner in erased + revoked {
            bench.journal?.erased(source: IngestBench.source, learner: learner, at: now)
          }
        }
        // Deletes what the revocations left to delete.
        try await bench.aggregate()
        for round in 0..<rounds {
          for number in 0..<atOnce {
            #expect(try await rows(of: IngestBench.learner("erased-\(round)-\(number)"), bench).isEmpty)
            // A revocation leaves the sitting, of which nothing is stored.
            #expect(
              try await rows(of: IngestBench.learner("revoked-\(round)-\(number)"), bench).keys.allSatisfy {
                $0 == "session"
              })
          }
        }
        try await worker.stop()
        let counters = try await bench.counters()
        // Both sides of the race were met, by both kinds.
        #expect(removed > 0 && counters.erased > removed && counters.samples == counters.erased)
        #expect(counters.rejects == sent - counters.samples && counters.rejects > 300)
        #expect(try await bench.number("SELECT count(*) FROM lectern.erasure WHERE NOT pending") == 60)
        try await bench.judge(rollups: true)
      }
    }

    /// Sends until told to end, and ten more. Returns how many.
    private func sendFrames(
      of learner: LearnerID, _ index: Int, to bench: IngestBench, until over: StopFlag
    ) async throws -> Int64 {
      var (count, rest): (Int32, Int) = (0, 10)
      while rest > 0 {
        try await bench.send(
          IngestBench.frame(session: "of-\(learner.text)", sequence: count, learner: learner),
          image: IngestPictures.picture(Int(count)), partition: Int32(index % 2))
        count += 1
        if over.isRaised { rest -= 1 }
        try await Task.sleep(for: .milliseconds(4))
      }
      return Int64(count)
    }

    private func isRevoked(_ learner: LearnerID, _ bench: IngestBench) async throws -> Bool {
      let pseudonym = LearnerPseudonymizer(secret: IngestBench.secret)
        .pseudonym(source: IngestBench.source, learnerID: learner)
      let count: Int64 = try await bench.owner.query(
        "SELECT count(*) FROM lectern.erasure WHERE learner = $1::text::uuid", [.text(pseudonym.uuid)]
      ).single().decode(at: 0)
      return count > 0
    }
  }
}
