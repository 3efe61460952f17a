import KafkaIO
import LearningEvents
import Persistence
import PostgresIO
import Processes
import TestSupport
import Testing

extension BrokerFaults {
  /// Partitions that move between workers, as the group wants it and against it.
  @Suite(.enabled(if: builtExecutable != nil && PostgresTestServer.isWanted))
  struct FaultGroup {
    /// Each rebalance of the embedded broker takes 3 s, the session timeout less 1 s; a real one's are done at once.
    private static let rebalances = KafkaTestServer.isReal ? 20 : 6

    @Test(.timeLimit(.minutes(5))) func workersThatComeAndGoInMidBatchCostNothing() async throws {
      // Batches that take half a second, so that each rebalance finds one in the middle.
      try await FaultBench.run(.init(rate: 150, environment: ["LECTERN_STUB_DELAY": "3ms"])) { bench in
        let first = try await bench.startWorker("stays")
        try await bench.share(first)
        bench.producer.start()
        // Two changes may share a rebalance: so it goes on until there were enough.
        var number = 0
        while first.rebalances < Self.rebalances {
          try #require(number < Self.rebalances, "guests come and go, and the group hardly notices")
          let guest = try await bench.startWorker("guest-\(number)")
          try await bench.share(first, guest)
          let before = bench.history.accounted
          try await bench.wait(for: "both go on", alive: [first, guest]) { bench.history.accounted > before + 20 }
          if number % 4 == 3 {
            // Not given the time to say goodbye: the next one comes while it still counts as a member.
            await guest.kill()
          } else {
            #expect(await guest.stop() == .exited(0))
            // Were the next one there already, it would be handed what this one left, and nobody else would notice.
            try await bench.share(first)
          }
          number += 1
        }
        try await bench.drain(by: first)
        try await bench.check()
        #expect(await first.stop() == .exited(0))
      }
    }

    @Test func anOldEpochChangesNoLedgerRow() async throws {
      try await FaultBench.run { bench in
        let worker = try await bench.startWorker("one")
        try await bench.share(worker)
        bench.producer.send(60)
        try await bench.drain(by: worker)
        #expect(await worker.stop() == .exited(0))
        // What a worker holds that lost its claim: the epoch before the newest, and the right offset.
        let before = try await bench.ledgers("row_to_json(l)")
        let connection = try await bench.ingest.database.connect(role: "lectern_ingest")
        let repository = IngestRepository(connection: connection)
        let ledgers = try await bench.ingest.owner.query(
          "SELECT ledger_id, epoch, next_offset FROM lectern.ingest_ledger WHERE topic = $1",
          [.text(bench.ingest.frameTopic.text)])
        for row in ledgers {
          let next: Int64 = try row.decode(at: 2)
          let step = LedgerStep(
            ledgerID: try row.decode(at: 0), epoch: try row.decode(at: 1, as: Int64.self) - 1, expectedOffset: next,
            nextOffset: next + 1, skipped: 1, last: nil)
          await #expect {
            try await repository.store(StoreBatch(step: step, modelID: 1, samples: [], rejects: []))
          } throws: { ($0 as? PostgresError)?.code.rawValue == "LF001" }
        }
        await repository.close()
        #expect(ledgers.count == bench.options.partitions)
        #expect(try await bench.ledgers("row_to_json(l)") == before)
        try await bench.check()
      }
    }

    @Test(.timeLimit(.minutes(4))) func aRebalanceWhileTheDatabaseIsAwayEvictsNobody() async throws {
      try await FaultBench.run { bench in
        let first = try await bench.startWorker("one")
        try await bench.share(first)
        bench.producer.start()
        try await bench.wait(for: "frames are stored", alive: [first]) { bench.history.accounted > 100 }
        let second = try await bench.startWorker("two")
        // It asks for the schema and more before it joins: only a worker that is through with that can be caught.
        try await bench.wait(for: "the second knows the database", alive: [first, second]) {
          second.metric("lectern_ingest_premade_partitions") > 0
        }
        bench.proxy.setRefusing(true)
        let epochs = try await bench.ledgers("epoch")
        let accounted = try await bench.ingest.progress()
        try await bench.share(first, second)
        let rebalances = [first.rebalances, second.rebalances]
        // Longer than the session timeout: whoever waited for the database on the poll thread would be evicted.
        try await Task.sleep(for: .seconds(KafkaTestServer.isReal ? 8 : 6))
        #expect([first.rebalances, second.rebalances] == rebalances, "somebody was evicted")
        #expect([first, second].allSatisfy { $0.assignedPartitions > 0 })
        // Nothing was claimed, so nothing was stored, nor given to recognition by the newcomer.
        #expect(try await bench.ledgers("epoch") == epochs)
        #expect(try await bench.ingest.progress() == accounted)
        #expect(second.metric("lectern_stub_frames_total") == 0)
        bench.proxy.setRefusing(false)
        try await bench.wait(for: "the second stores", alive: [first, second]) { second.samples > 0 }
        try await bench.drain(by: first, second)
        try await bench.check()
        for worker in [first, second] { #expect(await worker.stop() == .exited(0)) }
      }
    }

    @Test(.timeLimit(.minutes(4))) func aZombieIsFenced() async throws {
      try await FaultBench.run { bench in
        let zombie = try await bench.startWorker("zombie")
        try await bench.share(zombie)
        bench.producer.start()
        try await bench.wait(for: "frames are stored", alive: [zombie]) { bench.history.accounted > 100 }
        // Frozen with a store that has not reached the server, it wakes up to send it.
        let trap = ProxyTrap(.hold, at: .init(.execute, .frontend, .before, 1))
        bench.proxy.set(trap)
        try await bench.wait(for: "a store is under way", alive: [zombie]) { trap.hasSprung }
        zombie.freeze()
        let heir = try await bench.startWorker("heir")
        try await bench.wait(for: "the heir stores", within: .seconds(60), alive: [heir]) { heir.samples > 0 }
        trap.release(cutting: false)
        try await bench.wait(for: "the store of the frozen worker to be refused", alive: [heir]) {
          bench.proxy.counts.errors["LF001"] == 1
        }
        zombie.thaw()
        try await bench.wait(for: "the zombie counts it", alive: [zombie, heir]) { zombie.fenced >= 1 }
        // It joins again and is of use.
        try await bench.share(zombie, heir)
        try await bench.drain(by: zombie, heir)
        try await bench.check()
        for worker in [zombie, heir] { #expect(await worker.stop() == .exited(0)) }
      }
    }

    @Test(.timeLimit(.minutes(4))) func twoWorkersThatClaimInTurnGoOn() async throws {
      try await FaultBench.run(.init(partitions: 2, rate: 100)) { bench in
        // Two groups of the broker under one name of the ledger: each worker is given every partition, for good.
        let common = bench.ingest.server.settings.properties.map { "\($0.key)=\($0.value)" }
        func start(_ name: String) async throws -> StubWorkerProcess {
          let properties = common + ["group.id=\(name)-\(bench.ingest.group)"]
          return try await bench.startWorker(
            name, environment: ["LECTERN_KAFKA_PROPERTIES": properties.joined(separator: ",")])
        }
        let workers = [try await start("one"), try await start("two")]
        for worker in workers { try await bench.share(worker) }
        bench.producer.start()
        try await bench.wait(for: "both are fenced", within: .seconds(60), alive: workers) {
          workers.allSatisfy { $0.fenced > 0 }
        }
        let before = bench.history.accounted
        try await bench.wait(for: "frames are stored all the same", within: .seconds(60), alive: workers) {
          bench.history.accounted > before + 200
        }
        try await bench.drain(by: workers[0], workers[1], within: .seconds(90))
        try await bench.check()
        for worker in workers { #expect(await worker.stop() == .exited(0)) }
      }
    }
  }
}
