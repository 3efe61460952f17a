import Ingest
import KafkaIO
import LearningEvents
import LogCapturing
import Persistence
import PostgresIO
import Recognition
import Telemetry
import TestSupport
import Testing

extension Broker {
  /// What is said on the control topic, and when it counts; and what a worker refuses to start with.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct IngestOrderTests {
    @Test func aBacklogOfBothTopicsLosesNothing() async throws {
      try await IngestBench.run(partitions: 3, controlPartitions: 2) { bench in
        let learners = 12
        // Frames first, and no grace at all: only the order of the topics can save them.
        for number in 0..<(learners * 3) {
          let learner = number % learners
          try await bench.send(
            IngestBench.frame(
              session: "s\(learner)", sequence: Int32(number), learner: IngestBench.learner(learner)),
            image: IngestPictures.picture(number))
        }
        for learner in 0..<learners {
          try await bench.send(IngestBench.consentEvent(learner: IngestBench.learner(learner)))
        }
        try await bench.send(IngestBench.courseEvent())
        let worker = bench.start(IngestRecognizer()) { $0.judge.grace = .zero }
        try await bench.settle(Int64(learners * 3), by: worker)
        try await worker.stop()
        let counters = try await bench.counters()
        #expect(counters.samples == Int64(learners * 3))
        #expect(counters.rejects == 0)
        let control = try await LedgerRepository(connection: bench.owner).totals(topic: bench.controlTopic)
        #expect(control.applied == Int64(learners + 1))
        try await bench.checkArithmetic()
      }
    }

    @Test func aFrameWaitsForItsAnnouncementAndARevokedLearnersDoesNot() async throws {
      try await IngestBench.run(partitions: 2) { bench in
        let revoked = IngestBench.learner("revoked")
        try await bench.apply([
          IngestBench.consentEvent(learner: revoked), IngestBench.consentEvent(learner: revoked, granted: false),
          IngestBench.courseEvent(), IngestBench.consentEvent(learner: IngestBench.learner(0)),
        ])
        let worker = bench.start(IngestRecognizer()) { $0.judge.grace = .seconds(300) }
        try await worker.becomeReady()
        let late = IngestBench.frame(session: "late", sequence: 0, learner: IngestBench.learner("late"))
        try await bench.send(
          IngestBench.frame(session: "good", sequence: 0), image: IngestPictures.picture(0), partition: 0)
        try await bench.send(late, image: IngestPictures.picture(1), partition: 0)
        try await bench.send(
          IngestBench.frame(session: "good", sequence: 1), image: IngestPictures.picture(2), partition: 0)
        let refused = IngestBench.frame(session: "refused", sequence: 0, learner: revoked)
        try await bench.send(refused, image: IngestPictures.picture(3), partition: 1)
        // The one before the waiting frame, and the refused one.
        try await bench.settle(2, by: worker)
        #expect(try await bench.rejects(partition: 1).map(\.code) == ["no_consent"])
        let waits = bench.log.entries.filter { $0.message.hasPrefix("a frame's course or consent is not known yet") }
        #expect(waits.map { $0["partition"]?.description } == ["\(bench.frameTopic)[0]"])
        #expect(try await bench.progress() == 2)
        // Lag tools see what is stored while the rest of its batch waits, and at the end all of it.
        let settings = bench.server.settings.adding(["group.id": bench.group])
        let partition = TopicPartition(topic: bench.frameTopic, partition: 0)
        func waitForCommit(of offset: Int64) async throws {
          try await bench.wait(for: "offset \(offset) is committed") {
            try await BlockingThread().run {
              try KafkaAdmin(settings: settings, logger: .silent).committedOffset(of: partition)
            } == offset
          }
        }
        try await waitForCommit(of: 1)
        try await bench.send(IngestBench.consentEvent(learner: IngestBench.learner("late")))
        try await bench.settle(4, by: worker)
        try await worker.stop()
        try await waitForCommit(of: 3)
        let counters = try await bench.counters()
        #expect((counters.samples, counters.rejects) == (3, 1))
        try await bench.checkArithmetic()
      }
    }

    @Test func consentRevokedWhileFramesAreInFlightIsSeenInTheTransaction() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce(learners: 2)
        let (looking, revoked) = (StopFlag(), StopFlag())
        let picture = IngestPictures.picture(1)
        let recognizer = IngestRecognizer { requests in
          guard requests.contains(where: { $0.bytes == picture }) else { return }
          looking.raise()
          await revoked.wait()
        }
        for number in 0..<6 {
          let learner = number % 2
          try await bench.send(
            IngestBench.frame(
              session: "s\(learner)", sequence: Int32(number), learner: IngestBench.learner(learner)),
            image: IngestPictures.picture(number), partition: 0)
        }
        let worker = bench.start(recognizer) { $0.recognitionChunk = 100 }
        await looking.wait()
        try await bench.apply([IngestBench.consentEvent(learner: IngestBench.learner(1), granted: false)])
        revoked.raise()
        try await bench.settle(6, by: worker)
        try await worker.stop()
        let rejects = try await bench.rejects(partition: 0)
        #expect(rejects.map(\.offset) == [1, 3, 5])
        #expect(rejects.allSatisfy { $0.code == "no_consent" || $0.code == "erased" })
        #expect(rejects.first?.detail == "at the time of storing")
        #expect(Set(try await bench.samples().keys) == Set([0, 2, 4].map { "s0-\(IngestBench.marker)/\($0)" }))
        try await bench.checkArithmetic()
      }
    }

    /// Workers on several machines judge one day alike, and partitions are the database's.
    @Test(arguments: [-40, 40]) func aWorkerWhoseClockIsWrongJudgesByTheDatabases(daysOff: Int64) async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce()
        for number in 0..<3 {
          try await bench.send(
            IngestBench.frame(session: "s", sequence: Int32(number)), image: IngestPictures.picture(number))
        }
        let worker = bench.start(IngestRecognizer(), clockAheadBy: .seconds(daysOff * 86_400))
        try await bench.settle(3, by: worker)
        try await worker.stop()
        let counters = try await bench.counters()
        #expect((counters.samples, counters.rejects) == (3, 0))
      }
    }

    /// Nor is an LMS's word lost on one: what is `bad_event` is never applied later.
    @Test func aWorkerWhoseClockIsSlowHearsConsent() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.send(IngestBench.courseEvent())
        try await bench.send(IngestBench.consentEvent(learner: IngestBench.learner(0)))
        try await bench.send(IngestBench.frame(session: "s", sequence: 0), image: IngestPictures.picture(0))
        let worker = bench.start(IngestRecognizer(), clockAheadBy: .seconds(-40 * 86_400))
        try await bench.settle(1, by: worker)
        try await worker.stop()
        let counters = try await bench.counters()
        #expect((counters.samples, counters.rejects) == (1, 0))
        #expect(try await bench.number("SELECT count(*) FROM lectern.ingest_reject") == 0)
      }
    }

    @Test func aWorkerWithAnotherSecretIsRefused() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        // The database knows another one.
        _ = try await bench.number("SELECT lectern.check_secret('0123456789abcdef')::int")
        let worker = bench.start(IngestRecognizer())
        await #expect(throws: IngestError.secretDiffers) { try await worker.end() }
        #expect(try await bench.number("SELECT count(*) FROM lectern.ingest_ledger") == 0)
      }
    }

    /// What no waiting mends ends the worker, though its other partitions are idle.
    @Test func aLedgerOfAnotherGroupEndsTheWorkerLoudly() async throws {
      try await IngestBench.run(partitions: 3) { bench in
        _ = try await IngestRepository(connection: bench.owner).claim(
          LogIdentity(clusterID: bench.clusterID, topic: bench.frameTopic, partition: 1), group: "another",
          lowWatermark: 0)
        let worker = bench.start(IngestRecognizer())
        let error = await #expect(throws: PostgresError.self) { try await worker.end() }
        #expect(error?.code == .otherGroup)
        // Both groups and the way out are in the message.
        let message = try #require(error?.description)
        #expect(message.contains("consumer group 'another', not by '\(bench.group)'"), "\(message)")
        #expect(message.contains("set LECTERN_KAFKA_GROUP"), "\(message)")
      }
    }

    @Test func aWorkerBeforeTheMigrationsIsRefusedByName() async throws {
      try await IngestBench.run(partitions: 1, migrated: false) { bench in
        let worker = bench.start(IngestRecognizer())
        let error = await #expect(throws: MigrationError.self) { try await worker.end() }
        #expect(error?.description.contains("0001_schema") == true)
      }
    }
  }
}
