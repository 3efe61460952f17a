import Glibc
import KafkaIO
import LearningEvents
import Persistence
import PostgresIO
import Processes
import TestSupport
import Testing

extension LogFaults {
  /// The log becomes another one under a running worker, and is longer again before the worker asks for more: no
  /// acknowledged record may be passed over in silence.
  @Suite(
    .enabled(if: LocalKafka.isPresent, LocalKafka.missing),
    .enabled(if: builtExecutable != nil && PostgresTestServer.isWanted))
  struct FaultLogChange {
    /// A worker whose broker was away for long comes back once its session has timed out.
    private static let limit = Duration.seconds(150)
    /// Nothing is claimed again meanwhile: a claim would notice.
    private static let patient = ["session.timeout.ms": "45000", "heartbeat.interval.ms": "3000"]

    private func send(_ range: Range<Int>, session: SessionID, to ingest: IngestBench) async throws {
      for number in range {
        try await ingest.send(
          IngestBench.frame(session: session, sequence: Int32(number)), image: IngestPictures.picture(number),
          partition: 0)
      }
    }

    private func waitForPark(_ worker: StubWorkerProcess, _ bench: FaultBench) async throws {
      try await bench.wait(for: "the partition is parked", within: Self.limit, alive: [worker]) {
        worker.metric("lectern_ingest_parked_partitions") == 1
      }
    }

    /// Nothing was stored of the new log; an operator decides, and all of it is.
    private func decide(
      _ worker: StubWorkerProcess, at stored: Int64, then total: Int64, topic: TopicName, _ bench: FaultBench,
      because reason: String = "is not the one that was stored"
    ) async throws {
      try await waitForPark(worker, bench)
      #expect(try await bench.ingest.progress() == stored)
      let refused = try await bench.ingest.lectern(["verify"])
      #expect(refused.status == .exited(1) && refused.output.contains(reason), "\(refused)")
      let done = try await bench.ingest.lectern(["ledger", "new-incarnation", "--topic", topic.text, "--yes"])
      #expect(done.status == .exited(0), "\(done)")
      try await bench.wait(for: "all is accounted for", within: Self.limit, alive: [worker]) {
        try await bench.ingest.progress() == total
      }
      #expect(await worker.stop() == .exited(0))
      try await bench.ingest.checkArithmetic()
      let verified = try await bench.ingest.lectern(["verify"])
      #expect(verified.status == .exited(0), "\(verified)")
    }

    @Test(.timeLimit(.minutes(6))) func aBrokerBackWithoutItsTailParksARunningWorker() async throws {
      try await LocalKafka.run { broker in
        try await FaultBench.run(on: broker, FaultBench.Options(partitions: 1), properties: Self.patient) { bench in
          let worker = try await bench.startWorker("one")
          try await send(0..<40, session: "kept", to: bench.ingest)
          try await bench.wait(for: "frames are stored", within: Self.limit, alive: [worker]) {
            try await bench.ingest.progress() == 40
          }
          try await broker.killKeepingDisk()
          try await broker.restart()
          try await send(0..<20, session: "unflushed", to: bench.ingest)
          try await bench.wait(for: "frames are stored", within: Self.limit, alive: [worker]) {
            try await bench.ingest.progress() == 60
          }
          worker.freeze()
          try await broker.kill()
          try await broker.restartWithKeptDisk()
          try await send(0..<50, session: "queued", to: bench.ingest.withANewProducer())
          worker.thaw()
          try await decide(worker, at: 60, then: 150, topic: bench.ingest.frameTopic, bench)
          let counters = try await bench.ingest.counters()
          #expect((counters.samples, counters.duplicates, counters.rejects) == (110, 40, 0))
        }
      }
    }

    /// A leader is elected that lacks what the one before it had acknowledged alone.
    @Test(.enabled(if: TortureSettings.isLong, TortureSettings.onlyLong), .timeLimit(.minutes(6)))
    func anUncleanElectionParksARunningWorker() async throws {
      let settings = [
        "default.replication.factor": "2", "min.insync.replicas": "1", "unclean.leader.election.enable": "true",
      ]
      try await LocalKafkaCluster.run(settings: settings) { brokers in
        let servers = brokers.map(\.bootstrapServers).joined(separator: ",")
        try await FaultBench.run(
          on: brokers[0], bootstrap: servers, FaultBench.Options(partitions: 1), properties: Self.patient
        ) { bench in
          let (admin, topic) = (bench.admin, bench.ingest.frameTopic)
          func wait(for what: String, _ holds: (KafkaAdmin.Placement) -> Bool) async throws {
            try await bench.wait(for: what, within: Self.limit) {
              (try? await BlockingThread().run { try admin.placement(of: topic) }).map(holds) ?? false
            }
          }
          let worker = try await bench.startWorker("one")
          try await send(0..<40, session: "kept", to: bench.ingest)
          try await bench.wait(for: "frames are stored", within: Self.limit, alive: [worker]) {
            try await bench.ingest.progress() == 40
          }
          try await wait(for: "both have all of it") { $0.inSync.count == 2 }
          let placement = try await BlockingThread().run { try admin.placement(of: topic) }
          let leader = brokers[Int(placement.leader) - 1]
          let followerID = try #require(placement.replicas.subtracting([placement.leader]).first)
          let follower = brokers[Int(followerID) - 1]
          try await follower.kill()
          try await wait(for: "the leader is alone") { $0.inSync == [placement.leader] }
          try await send(0..<20, session: "unreplicated", to: bench.ingest)
          try await bench.wait(for: "frames are stored", within: Self.limit, alive: [worker]) {
            try await bench.ingest.progress() == 60
          }
          worker.freeze()
          try await leader.kill()
          try await follower.restart()
          try await wait(for: "the follower leads") { $0.leader == followerID }
          try await send(0..<50, session: "queued", to: bench.ingest.withANewProducer())
          try await leader.restart()
          worker.thaw()
          try await decide(worker, at: 60, then: 150, topic: topic, bench)
          let counters = try await bench.ingest.counters()
          #expect((counters.samples, counters.duplicates, counters.rejects) == (110, 40, 0))
        }
      }
    }

    /// With the librdkafka that is installed, and with one that tells topics' ids and leaders' epochs.
    @Test(.timeLimit(.minutes(6)), arguments: [nil] + [TestTools.newerRDKafka].compactMap(\.self).map { Optional($0) })
    func aTopicMadeAgainParksARunningWorker(library: String?) async throws {
      try await LocalKafka.run { broker in
        try await FaultBench.run(on: broker, FaultBench.Options(partitions: 1), properties: Self.patient) { bench in
          let worker = try await bench.startWorker("one", environment: library.map { ["LD_PRELOAD": $0] } ?? [:])
          try await send(0..<30, session: "before", to: bench.ingest)
          try await bench.wait(for: "frames are stored", within: Self.limit, alive: [worker]) {
            try await bench.ingest.progress() == 30
          }
          worker.freeze()
          let (server, topic) = (bench.ingest.server, bench.ingest.frameTopic)
          try await BlockingThread().run {
            try server.deleteTopic(topic)
            // A broker says that it is gone before it is.
            while (try? server.createTopic(topic, partitions: 1)) == nil { usleep(100_000) }
          }
          try await send(0..<50, session: "after", to: bench.ingest)
          let told = "SELECT count(topic_id) + count(last_leader_epoch) FROM lectern.ingest_ledger WHERE samples > 0"
          #expect(try await bench.ingest.number(told) == (library == nil ? 0 : 2))
          worker.thaw()
          try await decide(worker, at: 30, then: 80, topic: topic, bench)
          #expect(try await bench.ingest.counters().samples == 80)
          #expect(try await bench.ingest.number(told) == (library == nil ? 0 : 4))
        }
      }
    }

    /// What was fetched of the old topic is stored without a pause, and what is fetched of the new one behind it. In
    /// small batches the change is noticed between two of them; in one that holds all, once there is nothing more.
    @Test(
      .enabled(if: TortureSettings.isLong, TortureSettings.onlyLong), .timeLimit(.minutes(6)),
      arguments: [(batch: 20, isNoticedMidway: true), (2000, false)])
    func aTopicMadeAgainUnderAWorkerThatIsBehindParksIt(batch: Int, isNoticedMidway: Bool) async throws {
      try await LocalKafka.run { broker in
        try await FaultBench.run(on: broker, FaultBench.Options(partitions: 1), properties: Self.patient) { bench in
          try await bench.ingest.owner.execute(
            """
            CREATE FUNCTION lectern.dawdle() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_sleep(0.03); RETURN NEW; END';
            CREATE TRIGGER dawdle BEFORE INSERT ON lectern.emotion_sample
            FOR EACH ROW EXECUTE FUNCTION lectern.dawdle()
            """)
          try await send(0..<600, session: "before", to: bench.ingest)
          let worker = try await bench.startWorker("one", environment: ["LECTERN_INGEST_BATCH_RECORDS": "\(batch)"])
          try await bench.wait(for: "some frames are stored", within: Self.limit, alive: [worker]) {
            try await bench.ingest.progress() > 0
          }
          let (server, topic) = (bench.ingest.server, bench.ingest.frameTopic)
          try await BlockingThread().run {
            try server.deleteTopic(topic)
            while (try? server.createTopic(topic, partitions: 1)) == nil { usleep(100_000) }
          }
          // As many as were there, or fewer: where there are fewer nothing is left to fetch from where it stands.
          let count = isNoticedMidway ? 700 : 300
          try await send(0..<count, session: "after", to: bench.ingest.withANewProducer())
          try await waitForPark(worker, bench)
          try await bench.ingest.owner.execute("DROP TRIGGER dawdle ON lectern.emotion_sample")
          let stored = try await bench.ingest.progress()
          #expect((stored < 600) == isNoticedMidway)
          try await decide(
            worker, at: stored, then: stored + Int64(count), topic: topic, bench,
            because: isNoticedMidway ? "is not the one that was stored" : "the log ends at \(count)")
          #expect(try await bench.ingest.counters().samples == stored + Int64(count))
        }
      }
    }

    /// Revocations that Kafka acknowledged are applied, and no frame of these learners is stored in between.
    @Test(.timeLimit(.minutes(6))) func aControlLogThatLostItsTailHoldsFramesUntilAllOfItIsApplied() async throws {
      try await LocalKafka.run { broker in
        var options = FaultBench.Options(partitions: 1, learners: 1)
        options.announcesThroughLog = true
        try await FaultBench.run(on: broker, options, properties: Self.patient) { bench in
          var ingest = bench.ingest
          let worker = try await bench.startWorker("one")
          try await send(0..<10, session: "before", to: bench.ingest)
          try await bench.wait(for: "frames are stored", within: Self.limit, alive: [worker]) {
            try await ingest.progress() == 10
          }
          try await broker.killKeepingDisk()
          try await broker.restart()
          func consent(_ name: String) async throws {
            try await ingest.send(IngestBench.consentEvent(learner: IngestBench.learner(name)))
          }
          for number in 0..<10 { try await consent("x\(number)") }
          func applied() async throws -> Int64 {
            try await ingest.number(
              "SELECT coalesce(sum(applied), 0) FROM lectern.ingest_ledger WHERE topic = '\(ingest.controlTopic)'")
          }
          try await bench.wait(for: "the consents are applied", within: Self.limit, alive: [worker]) {
            try await applied() == 12
          }
          worker.freeze()
          try await broker.kill()
          try await broker.restartWithKeptDisk()
          ingest = try ingest.withANewProducer()
          try await ingest.send(IngestBench.consentEvent(learner: IngestBench.learner(0), granted: false))
          for number in 0..<20 { try await consent("y\(number)") }
          try await send(10..<20, session: "before", to: ingest)
          worker.thaw()
          try await bench.wait(for: "frames are held", within: Self.limit, alive: [worker]) {
            worker.metric("lectern_ingest_frames_held") == 1
          }
          try await waitForPark(worker, bench)
          // Though the log has long grown beyond the ledger.
          try await Task.sleep(for: .seconds(7))
          #expect(worker.metric("lectern_ingest_frames_held") == 1)
          #expect(try await ingest.progress() == 10)
          let done = try await ingest.lectern([
            "ledger", "new-incarnation", "--topic", ingest.controlTopic.text, "--yes",
          ])
          #expect(done.status == .exited(0), "\(done)")
          try await bench.wait(for: "all is accounted for", within: Self.limit, alive: [worker]) {
            try await ingest.progress() == 20
          }
          let counters = try await ingest.counters()
          #expect((counters.samples, counters.rejects) == (10, 10))
          #expect(await worker.stop() == .exited(0))
        }
      }
    }
  }
}
