import KafkaIO
import LocalServers
import Processes
import TestSupport
import Testing

extension BrokerFaults {
  /// The broker goes away and comes back: no worker ends, nothing is lost or doubled.
  @Suite(.enabled(if: builtExecutable != nil && PostgresTestServer.isWanted))
  struct FaultBroker {
    @Test(
      .enabled(if: !KafkaTestServer.isReal, "only the embedded broker can be taken down from inside"),
      .timeLimit(.minutes(4)))
    func aBrokerThatIsDownTwiceCostsNothing() async throws {
      try await FaultBench.run { bench in
        let broker = try #require(bench.ingest.server.broker)
        let worker = try await bench.startWorker("one")
        try await bench.share(worker)
        bench.producer.start()
        for seconds in [1, 5] {
          let before = bench.history.accounted
          try await bench.wait(for: "frames are stored", alive: [worker]) { bench.history.accounted > before + 100 }
          try await BlockingThread().run { try broker.cluster.setDown(true) }
          try await Task.sleep(for: .seconds(seconds))
          try await BlockingThread().run { try broker.cluster.setDown(false) }
        }
        let after = bench.history.accounted
        try await bench.wait(for: "frames are stored again", alive: [worker]) {
          bench.history.accounted > after + 100
        }
        try await bench.drain(by: worker)
        try await bench.check(mayRepeat: true)
        #expect(await worker.stop() == .exited(0))
      }
    }

    @Test(
      .enabled(if: LocalKafka.isPresent, LocalKafka.missing),
      .enabled(if: !KafkaTestServer.isReal, "a Kafka of its own: only the embedded broker's round runs it"),
      .timeLimit(.minutes(6)))
    func aKilledKafkaComesBackAndCostsNothing() async throws {
      try await LocalKafka.run { broker in
        try await FaultBench.run(on: broker) { bench in
          let workers = [try await bench.startWorker("one"), try await bench.startWorker("two")]
          try await bench.share(workers[0], workers[1])
          bench.producer.start()
          for _ in 0..<2 {
            let before = bench.history.accounted
            try await bench.wait(for: "frames are stored", alive: workers) { bench.history.accounted > before + 200 }
            try await broker.kill()
            try await Task.sleep(for: .seconds(1))
            try await broker.restart()
          }
          let after = bench.history.accounted
          try await bench.wait(for: "frames are stored again", within: .seconds(90), alive: workers) {
            bench.history.accounted > after + 200
          }
          try await bench.drain(by: workers[0], workers[1])
          try await bench.check()
          for worker in workers { #expect(await worker.stop() == .exited(0)) }
        }
      }
    }

    @Test(
      .enabled(if: LocalKafka.isPresent, LocalKafka.missing),
      .enabled(if: !KafkaTestServer.isReal, "a Kafka of its own: only the embedded broker's round runs it"),
      .timeLimit(.minutes(6)))
    func aWorkerThatIsStoppedWhileKafkaIsAwayEndsWithinItsGrace() async throws {
      try await LocalKafka.run { broker in
        try await FaultBench.run(on: broker) { bench in
          let workers = [
            try await bench.startWorker("one"), try await bench.startWorker("two"),
            try await bench.startWorker("three"),
          ]
          bench.producer.start()
          try await bench.wait(for: "frames are stored", alive: workers) { bench.history.accounted > 200 }
          // One with a commit on its way, one a second later, one that has tried to reach the broker for a while.
          async let killed: Void = broker.kill()
          async let first = end(workers[0])
          try await killed
          try await Task.sleep(for: .seconds(1))
          async let second = end(workers[1])
          try await Task.sleep(for: .seconds(5))
          async let third = end(workers[2])
          for (status, time) in await [first, second, third] {
            #expect(status == .exited(0))
            #expect(time < .seconds(15), "the grace is 20 s")
          }
          for worker in workers { bench.forget(worker) }
          try await broker.restart()
          let next = try await bench.startWorker("four")
          try await bench.drain(by: next)
          try await bench.check()
          #expect(await next.stop() == .exited(0))
        }
      }
    }

    private func end(_ worker: StubWorkerProcess) async -> (Processes.ExitStatus, Duration) {
      let begun = ContinuousClock.now
      let status = await worker.stop()
      return (status, begun.duration(to: .now))
    }
  }
}
