import Ingest
import KafkaIO
import LearningEvents
import PostgresIO
import TestSupport
import Testing

extension Broker {
  /// Every kind of bad record, between good ones, through one worker.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct IngestBadInputTests {
    /// What one partition held when its worker was done.
    struct Partition: Sendable {
      var rejects: [(offset: Int64, code: String, detail: String, waited: Double)]
      /// Distributions of the good frames' samples, before and behind.
      var good: [[[Int16]]]
      var counters: [Int64]
      /// Nil where the event carries no picture.
      var pictureWasLookedAt: Bool?
    }

    struct Outcome: Sendable {
      var partitions: [IngestBadInput: Partition] = [:]
      var logLines: [String] = []
      var storedTexts: [String] = []
      var learners: Int64 = 0
      var samples = 0
    }

    /// One worker takes all cases: started by the first test that asks, shared by the others.
    private static let outcome = Task { try await run() }
    private static let grace = Duration.milliseconds(300)

    private static func run() async throws -> Outcome {
      var outcome = Outcome()
      try await IngestBench.run(
        partitions: IngestBadInput.allCases.count,
        // A Kafka whose operator allows such records; the embedded broker keeps 5 MiB a partition, so zeros go gzipped.
        topicConfiguration: ["max.message.bytes": "67108864"],
        producerProperties: [
          "message.max.bytes": "67108864", "compression.codec": KafkaTestServer.isReal ? "none" : "gzip",
        ]
      ) { bench in
        try await bench.announce(learners: 2)
        let revoked = IngestBench.learner(IngestBadInput.strangers.revoked)
        try await bench.apply([
          IngestBench.consentEvent(learner: revoked), IngestBench.consentEvent(learner: revoked, granted: false),
        ])
        let recognizer = IngestRecognizer()
        let worker = bench.start(recognizer) { $0.judge.grace = grace }
        try await worker.becomeReady()
        for input in IngestBadInput.allCases {
          let first = input.good(0)
          try await bench.send(first, image: input.picture(0), partition: input.partition, expect: .sample)
          let (headers, value) = input.record(after: first)
          _ = try await bench.journalled(
            input.code == nil ? first : IngestBench.frame(session: "bad", sequence: 1), image: value ?? [],
            expect: input.code.map { .rejected(as: $0) } ?? .duplicate
          ) { try await bench.send(headers, value: value, partition: input.partition) }
          try await bench.send(
            input.good(2), image: input.picture(2), partition: input.partition, expect: .sample)
        }
        try await bench.settle(Int64(IngestBadInput.allCases.count * 3), by: worker)
        // Still alive, in every partition.
        for input in IngestBadInput.allCases {
          try await bench.send(
            input.good(3), image: input.picture(3), partition: input.partition, mode: .structured, expect: .sample)
        }
        try await bench.settle(Int64(IngestBadInput.allCases.count * 4), by: worker)
        try await bench.checkArithmetic()
        try await worker.stop()
        // What some of these records say of themselves cannot be read: that is what is wrong with them.
        try await bench.judge(readingLog: false)

        let samples = try await bench.samples()
        for input in IngestBadInput.allCases {
          let counters = try await bench.owner.query(
            "SELECT samples, rejects, duplicates, skipped + lost + applied, next_offset FROM lectern.ingest_ledger "
              + "WHERE topic = $1 AND partition = $2", [.text(bench.frameTopic.text), .int4(input.partition)]
          ).single()
          outcome.partitions[input] = Partition(
            rejects: try await bench.rejects(partition: input.partition),
            good: [Int32](arrayLiteral: 0, 2, 3).map { samples["\(input.good($0).sessionID)/\($0)"] ?? [] },
            counters: try (0..<5).map { try counters.decode(at: $0, as: Int64.self) },
            pictureWasLookedAt: input.pictureOnOffer(after: input.good(0)).map(recognizer.hasSeen))
        }
        outcome.samples = samples.values.reduce(0) { $0 + $1.count }
        outcome.logLines = bench.logLines
        outcome.learners = try await bench.number("SELECT count(DISTINCT learner) FROM lectern.session")
        outcome.storedTexts = try await bench.owner.query(
          """
          SELECT (to_jsonb(r) - ARRAY['source', 'course', 'event_id'])::text FROM lectern.ingest_reject r UNION ALL SELECT l::text FROM lectern.ingest_ledger l
            UNION ALL SELECT e::text FROM lectern.emotion_sample e
          """
        ).map { try $0.decode(at: 0, as: String.self) }
      }
      return outcome
    }

    @Test(arguments: IngestBadInput.allCases)
    func oneBadRecordBecomesOneRowAndItsNeighboursAreStored(input: IngestBadInput) async throws {
      let partition = try #require(try await Self.outcome.value.partitions[input])
      for (sample, place) in zip(partition.good, [0, 2, 3]) {
        #expect(sample == [IngestRecognizer.distribution(of: input.picture(place)).tenThousandths], "frame \(place)")
      }
      if let code = input.code {
        #expect(partition.rejects.map(\.offset) == [1])
        #expect(partition.rejects.map(\.code) == [code.rawValue])
        #expect(partition.rejects.allSatisfy { !$0.detail.isEmpty })
        #expect(partition.counters == [3, 1, 0, 0, 4])
      } else {
        #expect(partition.rejects.isEmpty)
        #expect(partition.counters == [3, 0, 1, 0, 4])
      }
      if input == .unknownCourse || input == .noConsent {
        #expect(partition.rejects.allSatisfy { $0.waited >= 0.3 }, "judged before the grace was over")
      }
    }

    /// A face is analysed only once its learner's consent and the whole event are known to be good.
    @Test(
      arguments: IngestBadInput.allCases.filter {
        !$0.mayBeLookedAt && $0.code != nil && $0 != .sequenceReused && $0 != .brokenStructuredEvent
      })
    func aRefusedFrameIsNeverLookedAt(input: IngestBadInput) async throws {
      let partition = try #require(try await Self.outcome.value.partitions[input])
      #expect(partition.pictureWasLookedAt == false)
    }

    @Test func onlyTheConsentedLearnerHasSessionsAndSamples() async throws {
      let outcome = try await Self.outcome.value
      #expect(outcome.learners == 1)
      #expect(outcome.samples == IngestBadInput.allCases.count * 3)
    }

    /// But for what an LMS finds its own record by, beside a reject.
    @Test func noIDOfTheLMSStandsInALogLineOrBesideASample() async throws {
      let outcome = try await Self.outcome.value
      #expect(outcome.logLines.contains { $0.contains("partitions are assigned") })
      for line in outcome.logLines where line.contains(IngestBench.marker) { Issue.record("logged: \(line)") }
      #expect(!outcome.storedTexts.isEmpty)
      for text in outcome.storedTexts where text.contains(IngestBench.marker) { Issue.record("stored: \(text)") }
    }
  }
}
