import LearningEvents
import LogCapturing
import Persistence
import PostgresIO
import TestSupport
import Testing

extension Broker {
  /// A day without a partition in the sample table is no record's fault: no frame is rejected for it.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct IngestPartitionTests {
    private static let dropAll = """
      DO $$ DECLARE v_name text; BEGIN
        FOR v_name IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
          WHERE i.inhparent = 'lectern.emotion_sample'::regclass
        LOOP EXECUTE format('DROP TABLE lectern.%I', v_name); END LOOP;
      END $$
      """

    private func send(_ range: Range<Int>, partitions: Int32, to bench: IngestBench) async throws {
      for number in range {
        let partition = Int32(number) % partitions
        try await bench.send(
          IngestBench.frame(session: "p\(partition)", sequence: Int32(number)), image: IngestPictures.picture(number),
          partition: partition, expect: .sample)
      }
    }

    /// The first makes the partitions, or cannot while something like ANALYZE holds the table; the others have frames
    /// before there is one.
    @Test(.timeLimit(.minutes(3)), arguments: [2, 4, 8])
    func workersThatStartTogetherRejectNothing(_ count: Int) async throws {
      try await IngestBench.run(partitions: count) { bench in
        try await bench.announce()
        try await bench.owner.execute(Self.dropAll)
        try await send(0..<40, partitions: Int32(count), to: bench)
        let analysing = try await bench.database.connect()
        try await analysing.execute("BEGIN; LOCK TABLE lectern.emotion_sample IN SHARE UPDATE EXCLUSIVE MODE")
        let workers = (0..<count).map { _ in bench.start(IngestRecognizer()) }
        try await bench.database.waitUntilBlocked(by: analysing)
        try await Task.sleep(for: .seconds(1))
        #expect(try await bench.progress() == 0)
        try await analysing.execute("COMMIT")
        await analysing.close()
        try await bench.settle(40, by: workers[0])
        for worker in workers { try await worker.stop() }
        let counters = try await bench.counters()
        #expect((counters.samples, counters.rejects) == (40, 0))
        try await bench.judge()
      }
    }

    /// Behind the next connection may stand a database that no worker has seen.
    @Test(.timeLimit(.minutes(2))) func aRunningWorkerMakesThemAgain() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce()
        let worker = bench.start(IngestRecognizer())
        try await send(0..<5, partitions: 1, to: bench)
        try await bench.settle(5, by: worker)
        // Over the connection that it has.
        try await bench.owner.execute(Self.dropAll)
        try await send(5..<10, partitions: 1, to: bench)
        try await bench.settle(10, by: worker)
        // Over a new one, where none is missed any more.
        func misses() -> Int { bench.log.messages.count { $0.hasPrefix("a day has no partition") } }
        let before = misses()
        #expect(before > 0)
        try await bench.owner.execute(
          """
          \(Self.dropAll);
          SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE application_name = 'ingest-worker' AND datname = current_database()
          """)
        try await send(10..<15, partitions: 1, to: bench)
        try await bench.settle(15, by: worker)
        #expect(misses() == before)
        try await worker.stop()
        let counters = try await bench.counters()
        #expect((counters.samples, counters.rejects) == (15, 0))
        #expect(try await bench.number("SELECT count(*) FROM lectern.emotion_sample") == 5)
      }
    }
  }
}
