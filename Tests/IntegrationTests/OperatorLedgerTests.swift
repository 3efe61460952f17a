import Foundation
import Ingest
import KafkaIO
import LearningEvents
import Persistence
import PostgresIO
import Processes
import Telemetry
import TestSupport
import Testing

extension Operators {
  /// Partitions that are parked, what an operator decides about them, and workers that take it up by themselves.
  @Suite(
    .enabled(if: builtExecutable != nil && PostgresTestServer.isWanted, "LECTERN_TEST_EXECUTABLE names no program"))
  struct OperatorLedgerTests {
    /// The log of a partition, from its first offset to its end.
    private func log(_ bench: IngestBench, partition: Int32) async throws -> (low: Int64, high: Int64) {
      let (settings, topic) = (bench.server.settings, bench.frameTopic)
      return try await BlockingThread().run {
        try KafkaAdmin(settings: settings, logger: .silent).watermarks(
          of: TopicPartition(topic: topic, partition: partition), timeout: .seconds(10))
      }
    }

    /// Has the log of partition 0 begin behind records that nobody read. The embedded broker forgets what exceeds 5
    /// MiB.
    private func passRetention(_ bench: IngestBench) async throws {
      if bench.server.isEmbedded {
        try await sendJunk([UInt8](repeating: 1, count: 900_000), to: bench)
      } else {
        try await sendJunk([1], to: bench)
        let (settings, topic) = (bench.server.settings, bench.frameTopic)
        let end = try await log(bench, partition: 0).high
        try await BlockingThread().run {
          try KafkaAdmin(settings: settings, logger: .silent).deleteRecords(
            of: TopicPartition(topic: topic, partition: 0), below: end - 3)
        }
      }
    }

    /// Ten records that are no frames.
    private func sendJunk(_ value: [UInt8], to bench: IngestBench) async throws {
      for number in 0..<10 {
        let frame = IngestBench.frame(session: "junk", sequence: Int32(number))
        _ = try await bench.journalled(frame, image: value, expect: .rejected(as: .badEvent)) {
          try await bench.send([], value: value, partition: 0)
        }
      }
    }

    private static let start = IngestBench.now

    private func send(
      _ range: Range<Int>, partition: Int32, to bench: IngestBench, incarnation: Int = 0
    ) async throws {
      for number in range {
        try await bench.send(
          IngestBench.frame(
            session: "p\(partition)", sequence: Int32(number),
            capturedAt: Self.start.advanced(by: .milliseconds(number))),
          image: IngestPictures.picture(number),
          partition: partition, incarnation: incarnation)
      }
    }

    private func isParked(_ run: IngestRun) -> Bool { run.worker.health.problems.contains { $0.contains("is parked") } }

    /// The control topic was made again, shorter: what it says of consent is not known, so frames wait though the end
    /// of the new log lies before the ledger.
    @Test(.timeLimit(.minutes(3))) func aControlLogThatIsAnotherHoldsFramesBack() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce()
        try await send(0..<4, partition: 0, to: bench)
        let before = bench.start(IngestRecognizer())
        try await bench.settle(4, by: before)
        try await before.stop()
        func move(_ offsets: Int) async throws {
          try await bench.owner.query(
            """
            UPDATE lectern.ingest_ledger SET next_offset = next_offset + \(offsets), skipped = skipped + \(offsets)
            WHERE topic = $1
            """, [.text(bench.controlTopic.text)])
        }
        try await move(5)
        try await send(4..<8, partition: 0, to: bench)
        let worker = bench.start(IngestRecognizer()) { $0.parkedInterval = .seconds(1) }
        try await bench.wait(for: "the frames to wait") {
          worker.worker.health.problems.contains { $0.hasPrefix("frames wait") }
        }
        try await bench.wait(for: "the control partition to be parked") { isParked(worker) }
        try await Task.sleep(for: .seconds(1))
        #expect(try await bench.progress() == 4)
        try await move(-5)
        try await bench.settle(8, by: worker)
        try await bench.wait(for: "the worker to be ready again") { worker.worker.health.problems.isEmpty }

        // While frames flow a worker looks for itself, whoever holds the control partition. The log ends too early:
        try await held(worker, 8, bench, spoil: { try await move(5) }, mend: { try await move(-5) })
        // It has another record where the last one was applied:
        try await bench.send(IngestBench.consentEvent(learner: IngestBench.learner("late")))
        try await bench.wait(for: "the consent is applied") {
          try await bench.number(
            "SELECT count(last_id_hash) FROM lectern.ingest_ledger WHERE topic = '\(bench.controlTopic)'") == 1
        }
        func alter(_ difference: Int) async throws {
          try await bench.owner.query(
            "UPDATE lectern.ingest_ledger SET last_id_hash = last_id_hash + \(difference) WHERE topic = $1",
            [.text(bench.controlTopic.text)])
        }
        try await held(worker, 9, bench, spoil: { try await alter(1) }, mend: { try await alter(-1) })
        // It has fewer partitions than there are ledgers; only an operator can tell that nothing more is to come of
        // them.
        try await held(
          worker, 10, bench,
          spoil: {
            try await bench.owner.query(
              """
              INSERT INTO lectern.ingest_ledger (
                cluster_id, topic, partition, consumer_group, first_offset, next_offset, skipped)
              VALUES ($1, $2, 7, $3, 0, 5, 5)
              """, [.text(bench.clusterID.text), .text(bench.controlTopic.text), .text(bench.group)])
          },
          mend: {
            let done = try await bench.lectern([
              "ledger", "new-incarnation", "--topic", bench.controlTopic.text, "--yes",
            ])
            #expect(done.status == .exited(0) && done.output.contains("[7]"), "\(done)")
          })
        try await worker.stop()
        try await bench.checkArithmetic()
      }
    }

    /// Frames wait between `spoil` and `mend`, and go on by themselves afterwards.
    private func held(
      _ run: IngestRun, _ number: Int, _ bench: IngestBench, spoil: () async throws -> Void,
      mend: () async throws -> Void
    ) async throws {
      let before = try await bench.progress()
      try await spoil()
      try await bench.wait(for: "the frames to wait") {
        run.worker.health.problems.contains { $0.hasPrefix("frames wait") }
      }
      try await send(number..<number + 1, partition: 0, to: bench)
      try await Task.sleep(for: .seconds(1))
      #expect(try await bench.progress() == before)
      try await mend()
      try await bench.settle(before + 1, by: run)
      try await bench.wait(for: "the worker to be ready again") { run.worker.health.problems.isEmpty }
    }

    @Test(.timeLimit(.minutes(3))) func anAcceptedGapIsLostOnRecordAndARunningWorkerGoesOn() async throws {
      try await IngestBench.run(partitions: 2) { bench in
        try await bench.announce()
        try await send(0..<4, partition: 0, to: bench)
        try await send(0..<4, partition: 1, to: bench)
        let before = bench.start(IngestRecognizer())
        try await bench.settle(8, by: before)
        // Nothing is missing yet.
        let tooEarly = try await bench.lectern(["ledger", "accept-gap", "--yes"])
        #expect(tooEarly.status == .exited(1))
        #expect(tooEarly.error.contains("no partition has a gap"))
        try await before.stop()

        try await passRetention(bench)
        let log = try await log(bench, partition: 0)
        #expect(log.low > 4 && log.high == 14)
        let worker = bench.start(IngestRecognizer())
        try await bench.wait(for: "the partition to be parked") { isParked(worker) }
        // The others go on.
        try await send(4..<5, partition: 1, to: bench)
        try await bench.settle(9, by: worker)
        #expect(try await bench.progress() == 9)

        let lost = log.low - 4
        let dry = try await bench.lectern(["ledger", "accept-gap", "--json"])
        #expect(dry.status == .exited(0))
        #expect(dry.output.contains(#""done":false"#) && dry.output.contains(#""lost":\#(lost)"#), "\(dry)")
        #expect(try await bench.counters().lost == 0)
        let wrong = try await bench.lectern(["ledger", "new-incarnation", "--partition", "0", "--yes"])
        #expect(wrong.status == .exited(1) && wrong.error.contains("accept-gap"), "\(wrong)")

        let done = try await bench.lectern(["ledger", "accept-gap", "--partition", "0", "--yes"])
        #expect(done.status == .exited(0), "\(done)")
        #expect(done.output.contains("\(lost) offsets, 4 to \(log.low - 1)"), "\(done)")
        try await bench.wait(for: "the worker to go on") { worker.worker.health.problems.isEmpty }
        try await send(4..<6, partition: 0, to: bench)
        let total = 9 + lost + (log.high - log.low) + 2
        try await bench.settle(total, by: worker)
        let counters = try await bench.counters()
        #expect((counters.samples, counters.lost, counters.rejects) == (11, lost, log.high - log.low))
        try await bench.checkArithmetic()
        try await worker.stop()
        // Half of the log is not there to be read.
        try await bench.judge(readingLog: false)

        let again = try await bench.lectern(["ledger", "accept-gap", "--partition", "0", "--yes"])
        #expect(again.status == .exited(1))
        #expect(
          try await bench.number(
            "SELECT count(*) FROM audit.entry WHERE action = 'ledger.accept_gap' AND detail ? 'by' AND actor <> ''"
          )
            == 1)
      }
    }

    /// What was decided on an older look is refused, whatever it says.
    @Test func aDecisionOnALedgerThatMovedIsRefused() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        let claim = try await IngestRepository(connection: bench.owner).claim(
          LogIdentity(clusterID: bench.clusterID, topic: bench.frameTopic, partition: 0), group: bench.group,
          lowWatermark: 7
        ).ledger
        let repository = LedgerRepository(connection: bench.owner)
        for (next, begin) in [(6, 9), (7, 7), (7, 5)] as [(Int64, Int64)] {
          let error = await #expect(throws: PostgresError.self) {
            try await repository.acceptGap(ledgerID: claim.ledgerID, expectedNext: next, begin: begin, by: "test")
          }
          #expect(error?.code == .decisionOverdue)
        }
        let error = await #expect(throws: PostgresError.self) {
          try await repository.newIncarnation(ledgerID: claim.ledgerID, expectedNext: 6, first: 0, by: "test")
        }
        #expect(error?.code == .decisionOverdue)
        // The log began at 7 when it was first read: that goes on record once.
        #expect(try await repository.acceptBeginning(ledgerID: claim.ledgerID, expectedFirst: 7, by: "test") == 7)
        await #expect(throws: PostgresError.self) {
          try await repository.acceptBeginning(ledgerID: claim.ledgerID, expectedFirst: 7, by: "test")
        }
        let row = try #require(try await repository.ledgers().first)
        #expect((row.firstOffset, row.nextOffset, row.counters.lost, row.epoch) == (0, 7, 7, claim.epoch))
        try await bench.checkArithmetic()
        #expect(try await bench.number("SELECT count(*) FROM audit.entry WHERE action LIKE 'ledger.%'") == 1)
      }
    }

    /// The ledger remembers another record than the log holds, as after a topic was made again.
    @Test(.timeLimit(.minutes(3))) func aNewIncarnationBeginsAndARunningWorkerTakesItUp() async throws {
      try await IngestBench.run(partitions: 2) { bench in
        try await bench.announce()
        try await send(0..<5, partition: 0, to: bench)
        try await send(0..<3, partition: 1, to: bench)
        let before = bench.start(IngestRecognizer())
        try await bench.settle(8, by: before)
        try await before.stop()
        try await bench.owner.execute(
          "UPDATE lectern.ingest_ledger SET last_id_hash = 1 WHERE partition = 0 AND samples > 0")
        let worker = bench.start(IngestRecognizer())
        try await bench.wait(for: "the partition to be parked") { isParked(worker) }
        let dry = try await bench.lectern(["ledger", "new-incarnation"])
        #expect(dry.status == .exited(0) && dry.output.contains("incarnation 1, from offset 0 on"), "\(dry)")
        #expect(dry.error.contains("nothing was changed"))
        #expect(isParked(worker))
        let done = try await bench.lectern(["ledger", "new-incarnation", "--yes"])
        #expect(done.status == .exited(0), "\(done)")
        // What the log delivers again is known by the LMS's identity.
        try await bench.settle(13, by: worker)
        let counters = try await bench.counters()
        #expect((counters.samples, counters.duplicates) == (8, 5))
        #expect(worker.worker.health.problems.isEmpty)
        try await worker.stop()
        try await bench.checkArithmetic()
        let incarnations = try await LedgerRepository(connection: bench.owner).ledgers().filter {
          $0.log.topic == bench.frameTopic && $0.log.partition == 0
        }
        #expect(incarnations.map(\.log.incarnation) == [0, 1])
        #expect(incarnations.map(\.nextOffset) == [5, 5])
        let again = try await bench.lectern(["ledger", "new-incarnation", "--yes"])
        #expect(again.status == .exited(1))
      }
    }

    /// A log that is another one before the last record stored, as it is where what is there by now was stored from it
    /// too: found by a mark, by whoever looks, and repaired.
    @Test(.timeLimit(.minutes(3))) func aMarkTellsThatALogIsAnotherLongAfter() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce()
        try await send(0..<5, partition: 0, to: bench)
        let before = bench.start(IngestRecognizer())
        try await bench.settle(5, by: before)
        try await before.stop()
        let healthy = try await bench.lectern(["verify"])
        #expect(healthy.status == .exited(0), "\(healthy)")
        try await bench.owner.execute(
          """
          INSERT INTO lectern.ledger_mark (ledger_id, mark_no, log_offset, timestamp_ms, id_hash, marked_at)
          SELECT ledger_id, 1000, 2, 7, 7, clock_timestamp() FROM lectern.ingest_ledger WHERE samples > 0
          """)
        let found = try await bench.lectern(["verify"])
        let reason = "the record at offset 2 is not the one that was stored"
        #expect(found.status == .exited(1) && found.output.contains(reason), "\(found)")
        let shown = try await bench.lectern(["ledger", "show"])
        #expect(shown.status == .exited(0) && shown.output.contains(reason), "\(shown)")
        let watched = try await bench.lectern(["top", "--once"])
        #expect(watched.status == .exited(0) && watched.output.contains(reason), "\(watched)")
        try await send(5..<7, partition: 0, to: bench)
        let worker = bench.start(IngestRecognizer()) { $0.parkedInterval = .seconds(1) }
        try await bench.wait(for: "the partition to be parked") { isParked(worker) }
        let done = try await bench.lectern(["ledger", "new-incarnation", "--yes"])
        #expect(done.status == .exited(0), "\(done)")
        try await bench.settle(12, by: worker)
        try await worker.stop()
        let counters = try await bench.counters()
        #expect((counters.samples, counters.duplicates) == (7, 5))
        let repaired = try await bench.lectern(["verify"])
        #expect(repaired.status == .exited(0), "\(repaired)")
      }
    }

    /// What only a real Kafka does: retention that passes small records, and a topic that is deleted and made again.
    @Test(.enabled(if: KafkaTestServer.isReal, "only a real Kafka"), .timeLimit(.minutes(5)))
    func gapsAndRecreatedTopicsOfARealKafka() async throws {
      try await IngestBench.run(partitions: 2, controlPartitions: 2) { bench in
        try await bench.announce()
        try await send(0..<4, partition: 0, to: bench)
        try await send(0..<4, partition: 1, to: bench)
        let first = bench.start(IngestRecognizer())
        try await bench.settle(8, by: first, within: .seconds(60))
        try await first.stop()

        try await passRetention(bench)
        #expect(try await log(bench, partition: 0) == (11, 14))
        let second = bench.start(IngestRecognizer())
        try await bench.wait(for: "the partition to be parked", within: .seconds(60)) { isParked(second) }
        // While it is parked nothing of it moves, and the others go on.
        try await send(4..<5, partition: 1, to: bench)
        try await bench.settle(9, by: second)
        #expect(try await bench.progress() == 9)
        try await bench.judge(behind: [0], readingLog: false)
        let gap = try await bench.lectern(["ledger", "accept-gap", "--yes", "--json"])
        #expect(gap.output.contains(#""lost":7"#), "\(gap)")
        try await bench.settle(19, by: second)
        #expect(second.worker.health.problems.isEmpty)
        try await second.stop()

        let (server, topic) = (bench.server, bench.frameTopic)
        try await BlockingThread().run {
          try server.deleteTopic(topic)
          // A broker says that it is gone before it is.
          while (try? server.createTopic(topic, partitions: 2)) == nil { usleep(100_000) }
        }
        // One frame the LMS sends again, and new ones, fewer than there were.
        try await send(3..<6, partition: 0, to: bench, incarnation: 1)
        try await send(9..<10, partition: 1, to: bench, incarnation: 1)
        let third = bench.start(IngestRecognizer())
        try await bench.wait(for: "both partitions to be parked", within: .seconds(60)) {
          third.worker.health.parkedCount == 2
        }
        #expect(try await bench.progress() == 19)
        let renewal = try await bench.lectern(["ledger", "new-incarnation", "--yes"])
        #expect(renewal.status == .exited(0), "\(renewal)")
        try await bench.settle(23, by: third)
        try await third.stop()
        let counters = try await bench.counters()
        #expect((counters.samples, counters.duplicates, counters.lost, counters.rejects) == (12, 1, 7, 3))
        try await bench.checkArithmetic()
        try await bench.judge(rollups: true)
      }
    }
  }
}
