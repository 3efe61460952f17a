import Persistence
import PostgresIO
import Processes
import TestSupport
import Testing

extension Faults {
  /// The way to the database: cut at every message of a store, and slow.
  @Suite(.enabled(if: builtExecutable != nil && PostgresTestServer.isWanted))
  struct FaultConnection {
    @Test(.timeLimit(.minutes(5))) func aConnectionCutAtAnyMessageOfAStoreCostsNothing() async throws {
      try await FaultBench.run(.init(partitions: 2, rate: 100)) { bench in
        let worker = try await bench.startWorker("one")
        try await bench.share(worker)
        bench.producer.start()
        try await bench.wait(for: "frames are stored", alive: [worker]) { bench.history.accounted > 20 }
        for place in ProxyTrap.Place.all {
          let trap = ProxyTrap(.cut, at: place)
          bench.proxy.set(trap)
          // A statement is prepared once a connection.
          if place.exchange == .prepare { bench.proxy.cutAll() }
          try await bench.wait(for: "cut \(place)", alive: [worker]) { trap.hasSprung }
          let stores = bench.proxy.counts.stores
          try await bench.wait(for: "stores after a cut \(place)", alive: [worker]) {
            bench.proxy.counts.stores > stores
          }
        }
        try await bench.drain(by: worker)
        try await bench.check()
        // Some answers to commits were lost: more is stored than the worker was told of.
        let samples = try await bench.ingest.counters().samples
        #expect(samples > Int64(worker.samples))
        #expect(await worker.stop() == .exited(0))
      }
    }

    @Test(.timeLimit(.minutes(5))) func aDatabaseOfTwoSecondsAStatementCausesNoRebalance() async throws {
      let options = FaultBench.Options(
        partitions: 4, rate: 600, environment: ["LECTERN_INGEST_BATCH_RECORDS": "100"])
      try await FaultBench.run(options) { bench in
        let workers = [try await bench.startWorker("one"), try await bench.startWorker("two")]
        try await bench.share(workers[0], workers[1])
        bench.producer.start()
        try await bench.wait(for: "frames are stored", alive: workers) { bench.history.accounted > 500 }
        let rebalances = workers.map(\.rebalances)
        let before = workers.map(\.residentBytes)
        bench.proxy.setStatementDelay(.seconds(2))
        // Several times the session timeout, and many more frames than the queues take.
        var peak = 0
        let end = ContinuousClock.now + .seconds(24)
        while ContinuousClock.now < end {
          peak = max(peak, workers.map(\.residentBytes).max() ?? 0)
          try await Task.sleep(for: .milliseconds(200))
        }
        let lag = try await bench.lag()
        #expect(lag > 4 * 400, "the database was not slow enough to fill the queues: \(lag)")
        bench.proxy.setStatementDelay(.zero)
        try await bench.drain(by: workers[0], workers[1])
        #expect(workers.map(\.rebalances) == rebalances, "a slow database cost partitions")
        #expect(peak < 200 << 20, "\(before) bytes became \(peak)")
        try await bench.check()
        for worker in workers { #expect(await worker.stop() == .exited(0)) }
      }
    }
  }
}
