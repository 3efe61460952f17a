import Aggregation
import Ingest
import LearningEvents
import Migrations
import PostgresIO
import Processes
import TestSupport
import Testing

extension Faults {
  /// Transactions that PostgreSQL undoes and asks to repeat, at random and in earnest; and a schema that is not the
  /// worker's.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct FaultTransactions {
    private static let partitions: Int32 = 3

    private func send(_ range: Range<Int>, to bench: IngestBench) async throws {
      for number in range {
        let partition = Int32(number) % Self.partitions
        try await bench.send(
          IngestBench.frame(session: "s\(partition)", sequence: Int32(number)), image: IngestPictures.picture(number),
          partition: partition, expect: .sample)
      }
    }

    private func countRetries(_ bench: IngestBench, _ code: String) -> Int {
      bench.logLines.filter { $0.contains("a database call failed and is repeated") && $0.contains(code) }.count
    }

    /// Every third change of a ledger row fails, whoever makes it, decided by a seed.
    @Test(.timeLimit(.minutes(3)), arguments: [1, 2] as [Int64])
    func serializationFailuresAndDeadlocksAreRepeated(seed: Int64) async throws {
      try await IngestBench.run(partitions: Int(Self.partitions)) { bench in
        try await bench.announce()
        try await bench.owner.execute(
          """
          CREATE SEQUENCE lectern.fault;
          CREATE FUNCTION lectern.fail_at_random() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
          DECLARE
            v_draw bigint := abs(hashint8extended(nextval('lectern.fault'), \(seed)) % 6);
          BEGIN
            IF v_draw < 2 THEN
              RAISE EXCEPTION 'injected' USING ERRCODE = CASE v_draw WHEN 0 THEN '40001' ELSE '40P01' END;
            END IF;
            RETURN NEW;
          END $$;
          CREATE TRIGGER fault BEFORE UPDATE ON lectern.ingest_ledger FOR EACH ROW
            EXECUTE FUNCTION lectern.fail_at_random()
          """)
        let worker = bench.start(IngestRecognizer()) { $0.batchRecords = 5 }
        try await send(0..<150, to: bench)
        try await bench.settle(150, by: worker, within: .seconds(60))
        try await bench.owner.execute("DROP TRIGGER fault ON lectern.ingest_ledger")
        try await worker.stop()
        #expect(countRetries(bench, "40001") > 2 && countRetries(bench, "40P01") > 2)
        try await bench.judge(rollups: true)
      }
    }

    /// The store holds the privacy lock and waits for a ledger row; another session holds the row and waits for the
    /// lock.
    @Test(.timeLimit(.minutes(3))) func aDeadlockCostsTheStoreARepetition() async throws {
      try await IngestBench.run(partitions: Int(Self.partitions)) { bench in
        try await bench.announce()
        // The one that waits for less long is undone: the worker.
        let name = bench.database.name
        try await bench.owner.execute("ALTER DATABASE \(name) SET deadlock_timeout = '2s'")
        let worker = bench.start(IngestRecognizer(), applicationName: "deadlocked")
        try await worker.becomeReady()
        try await send(0..<3, to: bench)
        try await bench.settle(3, by: worker)
        let other = try await bench.database.connect()
        try await other.execute("SET deadlock_timeout = '1h'; BEGIN")
        try await other.query(
          "SELECT FROM lectern.ingest_ledger WHERE topic = $1 FOR UPDATE", [.text(bench.frameTopic.text)])
        try await send(3..<12, to: bench)
        try await bench.wait(for: "a store that waits for its ledger") {
          try await bench.number(
            """
            SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
              AND application_name = 'deadlocked'
            """) > 0
        }
        // Comes back once the store was undone.
        try await other.execute("LOCK TABLE lectern.privacy_lock IN EXCLUSIVE MODE")
        try await other.execute("COMMIT")
        await other.close()
        try await bench.settle(12, by: worker)
        try await worker.stop()
        #expect(countRetries(bench, "40P01") > 0)
        try await bench.judge()
      }
    }

    /// Two aggregators work on the same courses while frames of them arrive; afterwards every sum equals its
    /// recomputation.
    @Test(.timeLimit(.minutes(3))) func twoAggregatorsAtOnceLoseNothingOfWhatArrives() async throws {
      try await IngestBench.run(partitions: Int(Self.partitions)) { bench in
        try await bench.announce()
        let worker = bench.start(IngestRecognizer()) { $0.batchRecords = 5 }
        try await worker.becomeReady()
        let isDone = StopFlag()
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<2 {
            let aggregator = bench.aggregator()
            group.addTask {
              while !isDone.isRaised { try await aggregator.runOnce() }
            }
          }
          try await send(0..<240, to: bench)
          try await bench.settle(240, by: worker)
          isDone.raise()
          try await group.waitForAll()
        }
        try await worker.stop()
        #expect(try await bench.number("SELECT count(*) FROM lectern.session_segment_sum") > 0)
        try await bench.judge(rollups: true)
        let verified = try await bench.lectern(["verify"])
        #expect(verified.status.isSuccess, "\(verified)")
      }
    }

    enum Schema: String, CaseIterable, Sendable {
      case missing, older, newer, altered, redefined

      /// What the refusal must name.
      var name: String {
        switch self {
        case .missing: Migration.all[0].name
        case .older, .altered: Migration.all.last?.name ?? "none"
        case .newer: "9999"
        case .redefined: "functions/store"
        }
      }
    }

    @Test(.timeLimit(.minutes(2)), arguments: Schema.allCases)
    func aWorkerRefusesASchemaThatIsNotItsOwnByName(_ schema: Schema) async throws {
      try await IngestBench.run(partitions: 1, migrated: schema != .missing) { bench in
        let last = try #require(Migration.all.last).version
        switch schema {
        case .missing: break
        case .older: try await bench.owner.execute("DELETE FROM lectern.schema_migration WHERE version = \(last)")
        case .newer:
          try await bench.owner.execute(
            "INSERT INTO lectern.schema_migration VALUES (9999, '9999_of_tomorrow', repeat('0', 64))")
        case .altered:
          try await bench.owner.execute(
            "UPDATE lectern.schema_migration SET checksum = repeat('0', 64) WHERE version = \(last)")
        case .redefined: try await bench.owner.execute("ALTER FUNCTION lectern.store RESET enable_seqscan")
        }
        let worker = bench.start(IngestRecognizer())
        do {
          try await worker.end()
          Issue.record("the worker ended without an error")
        } catch {
          #expect("\(error)".contains(schema.name), "\(error)")
        }
        if schema != .missing {
          #expect(try await bench.number("SELECT count(*) FROM lectern.ingest_ledger") == 0)
        }
      }
    }
  }
}
