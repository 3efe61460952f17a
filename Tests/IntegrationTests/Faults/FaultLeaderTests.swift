import KafkaIO
import Processes
import TestSupport
import Testing

extension LogFaults {
  /// Leaders of partitions move between three brokers, as in every upgrade of a cluster.
  @Suite(
    .enabled(if: LocalKafka.isPresent, LocalKafka.missing),
    .enabled(if: TortureSettings.isLong, TortureSettings.onlyLong),
    .enabled(if: builtExecutable != nil && PostgresTestServer.isWanted))
  struct FaultLeader {
    /// Each broker is killed and comes back as a follower; then a worker ends, and another one claims what it held from
    /// leaders that are not where they were.
    @Test(.timeLimit(.minutes(8))) func aRollingRestartUnderLoadCostsNothing() async throws {
      try await LocalKafkaCluster.run { brokers in
        try await FaultBench.run(on: brokers[0], bootstrap: brokers.map(\.bootstrapServers).joined(separator: ",")) {
          bench in
          let (one, two) = (try await bench.startWorker("one"), try await bench.startWorker("two"))
          try await bench.share(one, two)
          bench.producer.start()
          for broker in brokers {
            let before = bench.history.accounted
            try await bench.wait(for: "frames are stored", within: .seconds(90), alive: [one, two]) {
              bench.history.accounted > before + 200
            }
            try await broker.kill()
            try await Task.sleep(for: .seconds(4))
            try await broker.restart()
          }
          #expect(await two.stop() == .exited(0))
          bench.forget(two)
          try await bench.drain(by: one)
          try await bench.wait(for: "no claim waits", alive: [one]) { one.metric("lectern_ingest_overdue_claims") == 0 }
          try await bench.check()
          #expect(await one.stop() == .exited(0))
        }
      }
    }

    /// The broker that leads the control topic dies and stays dead: every worker asks about that topic before it judges
    /// frames, of whoever leads it by then.
    @Test(.timeLimit(.minutes(6))) func aLeaderThatStaysAwayHoldsNobodyUp() async throws {
      try await LocalKafkaCluster.run { brokers in
        try await FaultBench.run(on: brokers[0], bootstrap: brokers.map(\.bootstrapServers).joined(separator: ",")) {
          bench in
          let worker = try await bench.startWorker("one")
          bench.producer.start()
          try await bench.wait(for: "frames are stored", alive: [worker]) { bench.history.accounted > 200 }
          let (admin, topic) = (bench.admin, bench.ingest.controlTopic)
          let leader = try await BlockingThread().run { try admin.placement(of: topic) }.leader
          try await brokers[Int(leader) - 1].kill()
          let before = bench.history.accounted
          try await bench.wait(for: "frames go on", within: .seconds(60), alive: [worker]) {
            bench.history.accounted > before + 2_000
          }
          // And whoever claims now.
          let other = try await bench.startWorker("two")
          try await bench.share(worker, other)
          try await bench.drain(by: worker, other)
          try await brokers[Int(leader) - 1].restart()
          try await bench.check()
          for one in [worker, other] { #expect(await one.stop() == .exited(0)) }
        }
      }
    }
  }
}
