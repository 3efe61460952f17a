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

extension Faults {
  /// PostgreSQL restarted, replaced by an older state of itself, and without room: on a server of the test's own.
  @Suite(
    .enabled(if: builtExecutable != nil && PostgresTestServer.isWanted),
    .enabled(if: !KafkaTestServer.isReal, "a PostgreSQL of its own: only the embedded broker's round runs it"))
  struct FaultServer {
    /// Runs a test with workers in processes of their own and a database that it may crash.
    private func withServer(
      _ options: FaultBench.Options = .init(partitions: 3, learners: 3, rate: 100),
      _ body: (FaultBench, CrashableDatabase) async throws -> Void
    ) async throws {
      let folder = "/tmp/lectern-server-\(String(UInt32.random(in: .min ... .max), radix: 16))"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let database = try await CrashableDatabase.make(folder: folder)
      var failure: (any Error)?
      do {
        let server = try await BlockingThread().run { try KafkaTestServer() }
        let owner = try await database.database.connect()
        let ingest = try await IngestBench(server: server, database: database.database, owner: owner, options)
        try await FaultBench.use(ingest, options) { try await body($0, database) }
        await owner.close()
      } catch {
        failure = error
      }
      await database.stop()
      if let failure { throw failure }
    }

    @Test(.timeLimit(.minutes(4))) func aPostgresThatCrashesAgainAndAgainCostsNothing() async throws {
      try await withServer { bench, database in
        let worker = try await bench.startWorker("one")
        try await bench.share(worker)
        let rebalances = worker.rebalances
        bench.producer.start()
        for _ in 0..<3 {
          let before = bench.history.accounted
          try await bench.wait(for: "frames are stored", alive: [worker]) { bench.history.accounted > before + 50 }
          #expect(await database.crash())
          try await database.start()
        }
        let after = bench.history.accounted
        try await bench.wait(for: "frames are stored again", alive: [worker]) { bench.history.accounted > after + 50 }
        try await bench.drain(by: worker)
        try await bench.check()
        #expect(worker.metric("lectern_ingest_retries_total") > 0)
        #expect(worker.rebalances == rebalances)
        #expect(await worker.stop() == .exited(0))
      }
    }

    /// Frames keep coming: the next store of each partition finds its ledger where it was long ago.
    @Test(.timeLimit(.minutes(4))) func anOlderBackupUnderLoadIsRefilledFromTheLog() async throws {
      try await withServer { bench, database in
        let worker = try await bench.startWorker("one")
        try await bench.share(worker)
        bench.producer.start()
        try await bench.wait(for: "frames are stored", alive: [worker]) { bench.history.accounted > 100 }
        try await database.backUp()
        let kept = bench.history.accounted
        try await bench.wait(for: "frames are stored behind the backup", alive: [worker]) {
          bench.history.accounted > kept + 200
        }
        try await database.replaceByBackup()
        bench.history.beginGeneration()
        try await database.start()
        let sent = bench.journal.counts.acknowledged
        try await bench.wait(for: "the database is refilled", alive: [worker]) {
          bench.history.accounted > Int64(sent) + 50
        }
        try await bench.drain(by: worker)
        try await bench.check()
        // A partition that had stored nothing since the backup is where it was.
        #expect(worker.metric("lectern_ingest_rewinds_total") >= 1)
        #expect(await worker.stop() == .exited(0))
      }
    }

    /// Nothing is sent any more when the database goes back: the worker notices by itself, and consent that came after
    /// the backup is there again before the frames it covers are judged.
    @Test(.timeLimit(.minutes(4))) func anOlderBackupIsNoticedOnIdlePartitionsControlBeforeFrames() async throws {
      let options = FaultBench.Options(
        partitions: 3, learners: 3, rate: 100, environment: ["LECTERN_INGEST_CONTROL_GRACE": "0s"])
      try await withServer(options) { bench, database in
        let worker = try await bench.startWorker("one")
        try await bench.share(worker)
        bench.producer.send(60)
        try await bench.drain(by: worker)
        try await database.backUp()
        let late = IngestBench.learner("late")
        try await bench.ingest.send(IngestBench.consentEvent(learner: late))
        try await bench.wait(for: "the consent is applied", alive: [worker]) {
          try await count("lectern.consent WHERE granted", database) == options.learners + 1
        }
        for sequence in 0..<30 as Range<Int32> {
          let frame = IngestBench.frame(session: "late", sequence: sequence, learner: late)
          let image = IngestPictures.picture(Int(sequence))
          let entry = bench.journal.begin(frame, image: image, expect: .sample)
          let delivery = try await bench.ingest.send(frame, image: image, partition: sequence % 3)
          bench.journal.acknowledge(entry, partition: delivery.partition, offset: delivery.offset)
        }
        bench.producer.send(60)
        try await bench.drain(by: worker)
        let rewinds = worker.metric("lectern_ingest_rewinds_total")
        try await database.replaceByBackup()
        bench.history.beginGeneration()
        try await database.start()
        // No frame, no control event, no restart: only time.
        try await bench.wait(for: "the database is refilled", alive: [worker]) {
          try await count("lectern.emotion_sample", database) == 150
        }
        try await bench.check()
        // Three partitions of frames and the control topic's.
        #expect(worker.metric("lectern_ingest_rewinds_total") - rewinds >= 4)
        #expect(await worker.stop() == .exited(0))
      }
    }

    /// The backup is of a database that no worker had seen: without a ledger, course or consent. It hands out the same
    /// keys once more, to other logs than before, and what was held of a ledger must not be taken for another's.
    @Test(.timeLimit(.minutes(4)), arguments: [false, true])
    func aBackupFromBeforeTheFirstWorkerIsRefilledFromTheLog(whileBusy: Bool) async throws {
      let options = FaultBench.Options(
        partitions: 3, learners: 3, rate: 100, announcesThroughLog: true,
        environment: ["LECTERN_INGEST_CONTROL_GRACE": "0s"])
      try await withServer(options) { bench, database in
        try await database.backUp()
        let worker = try await bench.startWorker("one")
        try await bench.share(worker)
        bench.producer.send(150)
        if whileBusy { bench.producer.start() }
        try await bench.wait(for: "frames are stored", alive: [worker]) { bench.history.accounted >= 150 }
        if !whileBusy { try await bench.drain(by: worker) }
        let held = try await number(
          "SELECT ledger_id FROM lectern.ingest_ledger WHERE topic = '\(bench.ingest.frameTopic)' AND partition = 0",
          database)
        bench.proxy.setRefusing(true)
        try await database.replaceByBackup()
        bench.history.beginGeneration()
        try await database.start()
        // The control topic's ledger is made first; it gets the key that a frame partition still holds.
        _ = try await number(
          "SELECT setval(pg_get_serial_sequence('lectern.ingest_ledger', 'ledger_id'), \(held), false)", database)
        bench.proxy.setRefusing(false)
        let sent = bench.journal.counts.acknowledged
        try await bench.wait(for: "the database is refilled", alive: [worker]) {
          try await count("lectern.emotion_sample", database) >= sent + (whileBusy ? 50 : 0)
        }
        try await bench.drain(by: worker)
        try await bench.check()
        // The control topic's ledger was gone; another may have found its key in another claim's hands instead.
        #expect(worker.metric("lectern_ingest_rewinds_total") >= 1)
        #expect(await worker.stop() == .exited(0))
      }
    }

    private func count(_ rows: String, _ database: CrashableDatabase) async throws -> Int {
      try await number("SELECT count(*) FROM \(rows)", database)
    }

    private func number(_ query: String, _ database: CrashableDatabase) async throws -> Int {
      let connection = try await database.database.connect()
      let number: Int64 = try await connection.query("SELECT (\(query))::bigint").single().decode(at: 0)
      await connection.close()
      return Int(number)
    }

    /// The tables are on a file system of 48 MB that somebody fills; the worker is not ready, and goes on alone when
    /// there is room.
    @Test(.enabled("no tmpfs to mount (root, CAP_SYS_ADMIN)") { await SmallDisk.canBeMade }, .timeLimit(.minutes(4)))
    func aFullDiskIsWaitedOutAndTheWorkerIsNotReady() async throws {
      try await SmallDisk.run { disk in
        let folder = "/tmp/lectern-server-\(String(UInt32.random(in: .min ... .max), radix: 16))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let database = try await CrashableDatabase.make(folder: folder)
        var failure: (any Error)?
        do {
          let administrator = try await PostgresConnection.open(
            PostgresSettings(url: database.database.programURL, database: "postgres"), logger: .silent)
          try await administrator.execute("CREATE TABLESPACE small LOCATION '\(disk.folder)'")
          try await administrator.execute("ALTER DATABASE lectern SET TABLESPACE small")
          await administrator.close()
          try await fill(disk, database.database)
        } catch {
          failure = error
        }
        await database.stop()
        if let failure { throw failure }
      }
    }

    private func fill(_ disk: SmallDisk, _ database: TestDatabase) async throws {
      let path = "/tmp/\(KafkaTestServer.unique("lectern-disk")).jsonl"
      defer { try? FileManager.default.removeItem(atPath: path) }
      let options = FaultBench.Options(partitions: 2)
      let bench = try await IngestBench(
        server: try await BlockingThread().run { try KafkaTestServer() }, database: database,
        owner: try await database.connect(), options
      ).keeping(try FaultJournal(path: path))
      try await bench.announce()
      let worker = bench.start(IngestRecognizer()) { $0.batchRecords = 50 }
      try await worker.becomeReady()
      var sent: Int64 = 0
      func send(_ count: Int) async throws {
        for _ in 0..<count {
          try await bench.send(
            IngestBench.frame(session: "s\(sent % 2)", sequence: Int32(sent)),
            image: IngestPictures.picture(Int(sent)), partition: Int32(sent % 2), expect: .sample)
          sent += 1
        }
      }
      try await send(100)
      try await bench.settle(sent, by: worker)
      try disk.fill()
      // Pages that are there take some more rows.
      try await bench.wait(for: "the worker to be not ready", within: .seconds(60)) {
        if sent < 3000 { try await send(50) }
        return worker.worker.health.problems.contains("PostgreSQL refuses to store (SQLSTATE 53100)")
      }
      #expect(!worker.hasEnded)
      let stuck = try await bench.progress()
      #expect(stuck < sent)
      // It keeps trying and keeps its partitions; what it held is neither lost nor rejected.
      try await send(50)
      try await Task.sleep(for: .seconds(2))
      #expect(try await bench.counters().rejects == 0)
      try disk.free()
      try await bench.settle(sent, by: worker, within: .seconds(60))
      #expect(worker.worker.health.problems.isEmpty)
      try await worker.stop()
      try await bench.judge(rollups: true)
      await bench.owner.close()
    }
  }
}
