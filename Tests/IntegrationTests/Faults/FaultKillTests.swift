import Foundation
import KafkaIO
import LocalServers
import Persistence
import PostgresIO
import Processes
import TestSupport
import Testing

extension Faults {
  /// Workers that are killed at the worst moments, and ended in order under load.
  @Suite(.enabled(if: builtExecutable != nil && PostgresTestServer.isWanted))
  struct FaultKill {
    private static let batch = 50

    /// Where in a store the worker is killed.
    enum Moment: String, CaseIterable, Sendable {
      case beforeTheStore, whileItRuns, whileItRunsAndTheServerGoesOn, afterItsCommit
    }

    @Test(.timeLimit(.minutes(3)), arguments: Moment.allCases)
    func aKilledWorkerReplaysAtMostOneBatch(_ moment: Moment) async throws {
      let options = FaultBench.Options(
        partitions: 1, rate: 300, environment: ["LECTERN_INGEST_BATCH_RECORDS": "\(Self.batch)"])
      try await FaultBench.run(options) { bench in
        let first = try await bench.startWorker("first")
        try await bench.share(first)
        bench.producer.start()
        try await bench.wait(for: "frames are stored", alive: [first]) { bench.history.accounted > 100 }
        let stored = try await kill(first, moment, bench)
        let given = first.metric("lectern_stub_frames_total")

        let second = try await bench.startWorker("second")
        try await bench.wait(for: "frames are stored again", within: .seconds(60), alive: [second]) {
          bench.history.accounted > stored + 100
        }
        try await bench.drain(by: second)
        try await bench.check()
        // Each frame was given to recognition once, but for those of the one batch that was not stored.
        let samples = try await bench.ingest.counters().samples
        let replayed = Int64(given + second.metric("lectern_stub_frames_total")) - samples
        #expect((0...Int64(Self.batch)).contains(replayed), "\(replayed) frames were looked at again")
        #expect(await second.stop() == .exited(0))
      }
    }

    /// Kills the worker there; returns how far the ledger is once nothing of it is left.
    private func kill(_ worker: StubWorkerProcess, _ moment: Moment, _ bench: FaultBench) async throws -> Int64 {
      let place: ProxyTrap.Place
      switch moment {
      case .beforeTheStore: place = .init(.execute, .frontend, .before, 1)
      // Everything was sent but the Sync that commits: the rows are written and the locks are held.
      case .whileItRuns: place = .init(.execute, .frontend, .before, 4)
      case .whileItRunsAndTheServerGoesOn: return try await killBehindLock(worker, bench)
      case .afterItsCommit: place = .init(.execute, .backend, .before, 1)
      }
      let trap = ProxyTrap(.hold, at: place)
      bench.proxy.set(trap)
      try await bench.wait(for: "the store is there", alive: [worker]) { trap.hasSprung }
      let held = try await bench.ingest.progress()
      // Its numbers are written every 100 ms.
      try await Task.sleep(for: .milliseconds(400))
      #expect(try await bench.ingest.progress() == held)
      let counted = Int64(worker.samples)
      if moment == .afterItsCommit {
        #expect(held > counted, "the answer was held before the commit")
      } else {
        #expect(held == counted)
      }
      #expect(await worker.kill() == .signalled(SIGKILL))
      trap.release(cutting: true)
      try await Task.sleep(for: .milliseconds(200))
      #expect(try await bench.ingest.progress() == held)
      return held
    }

    /// Kills the worker while its store waits for a lock that the test holds: the server does not know, and commits.
    private func killBehindLock(_ worker: StubWorkerProcess, _ bench: FaultBench) async throws -> Int64 {
      let blocker = try await bench.ingest.database.connect()
      try await blocker.execute("BEGIN; SELECT FROM lectern.ingest_ledger FOR UPDATE")
      let stores = """
        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'first'
          AND wait_event_type = 'Lock' AND query ~ 'lectern.store'
        """
      try await bench.wait(for: "the store waits", alive: [worker]) { try await bench.ingest.number(stores) == 1 }
      try await Task.sleep(for: .milliseconds(400))
      let before = try await bench.ingest.progress()
      #expect(await worker.kill() == .signalled(SIGKILL))
      try await blocker.execute("COMMIT")
      await blocker.close()
      try await bench.wait(for: "the server finishes it") { try await bench.ingest.number(stores) == 0 }
      let after = try await bench.ingest.progress()
      #expect(after >= before)
      return after
    }

    @Test(.timeLimit(.minutes(3))) func aWorkerEndedUnderLoadReplaysNothing() async throws {
      let options = FaultBench.Options(
        rate: 400, environment: ["LECTERN_STUB_DELAY": "1ms", "LECTERN_SHUTDOWN_GRACE": "20s"])
      try await FaultBench.run(options) { bench in
        let first = try await bench.startWorker("first")
        try await bench.share(first)
        bench.producer.start()
        try await bench.wait(for: "frames are stored", alive: [first]) { bench.history.accounted > 200 }
        let begun = ContinuousClock.now
        #expect(await first.stop() == .exited(0))
        #expect(begun.duration(to: .now) < .seconds(20))
        // Everything it had looked at is stored.
        let samples = try await bench.ingest.counters().samples
        #expect(Int64(first.metric("lectern_stub_frames_total")) == samples)
        #expect(Int64(first.samples) == samples)
        let second = try await bench.startWorker("second")
        try await bench.wait(for: "frames are stored again", within: .seconds(60), alive: [second]) {
          bench.history.accounted > samples + 100
        }
        try await bench.drain(by: second)
        try await bench.check()
        let looked = Int64(first.metric("lectern_stub_frames_total") + second.metric("lectern_stub_frames_total"))
        #expect(looked == (try await bench.ingest.counters().samples))
        #expect(await second.stop() == .exited(0))
      }
    }

    @Test(.enabled(if: !KafkaTestServer.isReal, "only the embedded broker refuses an assignment on request"))
    func aWorkerEndedBeforeItsFirstAssignmentEndsInOrder() async throws {
      try await FaultBench.run(.init(partitions: 1)) { bench in
        // It joins, is asked to join again instead of being given anything, and so on: where librdkafka 2.0.2 aborts
        // if it is ended.
        let broker = try #require(bench.ingest.server.broker)
        let rebalanceInProgress = KafkaError.Code(rawValue: 27)
        broker.cluster.failNext(.syncGroup, with: Array(repeating: rebalanceInProgress, count: 100))
        let worker = try await bench.startWorker("early")
        // The embedded broker answers a group's first join after 3 s.
        try await Task.sleep(for: .seconds(6))
        #expect(worker.assignedPartitions == 0)
        #expect(await worker.stop() == .exited(0), "\(worker.lastWords)")
        broker.cluster.clearFailures(of: .syncGroup)
        let next = try await bench.startWorker("next")
        try await bench.share(next)
        bench.producer.send(20)
        try await bench.drain(by: next)
        try await bench.check()
        #expect(await next.stop() == .exited(0))
      }
    }
  }
}
