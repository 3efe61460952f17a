import Ingest
import LearningEvents
import PostgresIO
import TestSupport
import Testing

extension Faults {
  /// Frames that are late, early, repeated or out of order, and days that are not there. One worker takes all of them:
  /// started by the first test that asks, shared by the others.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct FaultData {
    private static let outcome = Task { try await run() }

    private static func run() async throws -> [FrameFault: [String]] {
      var found: [FrameFault: [String]] = [:]
      try await IngestBench.run(partitions: FrameFault.allCases.count) { bench in
        try await bench.announce()
        var (course, consent) = (IngestBench.courseEvent(), IngestBench.consentEvent(learner: IngestBench.learner(0)))
        if case .course(var event) = course {
          event.source = FrameFault.otherSource
          course = .course(event)
        }
        if case .consent(var event) = consent {
          event.source = FrameFault.otherSource
          consent = .consent(event)
        }
        try await bench.apply([
          course, consent, IngestBench.consentEvent(learner: FrameFault.twinLearners.consenting),
        ])
        let worker = bench.start(IngestRecognizer()) { $0.judge.grace = .zero }
        try await worker.becomeReady()
        // The worker has made all days there are to be; somebody drops one.
        let day = "to_char((now() AT TIME ZONE 'UTC')::date - \(FrameFault.missingDay), 'YYYYMMDD')"
        try await bench.owner.execute(
          "DO $$ BEGIN EXECUTE 'DROP TABLE lectern.emotion_sample_' || \(day); END $$")
        try await bench.owner.execute(
          "ALTER TABLE lectern.emotion_sample ADD CONSTRAINT refused CHECK (seq <> \(FrameFault.refusedNumber))")
        let now = IngestBench.now
        var count: Int64 = 0
        for fault in FrameFault.allCases {
          for sent in fault.frames(now: now) {
            count += 1
            try await bench.send(
              sent.frame, image: IngestPictures.picture(Int(count)), partition: fault.partition,
              expect: sent.expectation)
          }
        }
        try await bench.settle(count, by: worker)
        try await worker.stop()
        try await bench.judge(rollups: true)
        for fault in FrameFault.allCases {
          let rows = try await bench.owner.query(
            """
            SELECT x.what FROM lectern.ingest_ledger l JOIN (
              SELECT ledger_id, log_offset, 'sample' AS what FROM lectern.emotion_sample
              UNION ALL SELECT ledger_id, log_offset, 'reject:' || code FROM lectern.ingest_reject) x USING (ledger_id)
            WHERE l.topic = $1 AND l.partition = $2 ORDER BY x.log_offset
            """, [.text(bench.frameTopic.text), .int4(fault.partition)])
          found[fault] = try rows.map { try $0.decode(at: 0, as: String.self) }
        }
        // Whoever has the same ids in two systems is two learners, in two sessions.
        #expect(
          try await bench.number(
            "SELECT count(DISTINCT learner) FROM lectern.session WHERE external_id LIKE 'oneSessionIDInTwoSystems%'")
            == 2)
        #expect(
          try await bench.number(
            """
            SELECT count(DISTINCT session_day) FROM lectern.emotion_sample JOIN lectern.session
            USING (session_id, session_day) WHERE external_id LIKE 'acrossMidnight%'
            """) == 1)
      }
      return found
    }

    @Test(arguments: FrameFault.allCases)
    func eachFrameBecomesWhatItMust(_ fault: FrameFault) async throws {
      let outcomes = try #require(try await Self.outcome.value[fault])
      let expected = fault.frames(now: IngestBench.now).map(\.expectation.rawValue).filter { $0 != "duplicate" }
      #expect(outcomes == expected)
    }
  }
}
