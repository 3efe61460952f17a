import Foundation
import Ingest
import KafkaIO
import LearningEvents
import PostgresIO
import Processes
import TestSupport
import Testing
import Watching

extension Program {
  /// `lectern top` and `lectern ledger show`: how ingest stands, beside servers that answer and servers that do not.
  @Suite(
    .enabled(if: builtExecutable != nil && PostgresTestServer.isWanted, "LECTERN_TEST_EXECUTABLE names no program"))
  struct TopTests {
    /// What `top` prints with `--json`: the documented shape.
    private struct Report: Decodable {
      struct Status: Decodable { let ok: Bool, problem: String?, ageSeconds: Double? }
      struct Batch: Decodable { let workers: Int, count: Int64, meanSeconds: Double? }
      struct Reject: Decodable { let code: String, count, new: Int64 }
      struct Partition: Decodable {
        let topic: TopicName, partition: Int32, ledger: Int32?, next, end, lag: Int64?, lagSeconds: Double?
        let recordsPerSecond: Double?, samples, rejects: Int64?, parked: String?
      }
      let time: String, cluster: ClusterID?, postgres, kafka, workers: Status?, recordsPerSecond: Double?, batch: Batch?
      let rejects: [Reject], partitions: [Partition], lagRecords: Int64, lagSeconds: Double?, parked: Int
    }

    private func reports(_ output: String) throws -> [Report] {
      try output.split(separator: "\n").map { try JSONDecoder().decode(Report.self, from: Data($0.utf8)) }
    }

    private func send(_ range: Range<Int>, to bench: IngestBench, partition: Int32) async throws {
      for number in range {
        try await bench.send(
          IngestBench.frame(
            session: "s\(number % 3)-\(partition)", sequence: Int32(number), learner: IngestBench.learner(number % 3)),
          image: IngestPictures.picture(number), partition: partition)
      }
    }

    /// Partition 0 fits, partition 1 is remembered otherwise than its log is, partition 2 was never read.
    private func fill(_ bench: IngestBench) async throws {
      // Learner 2 did not consent.
      try await bench.announce(learners: 2)
      try await send(0..<9, to: bench, partition: 0)
      try await send(0..<3, to: bench, partition: 1)
      let worker = bench.start(IngestRecognizer()) { $0.judge.grace = .zero }
      try await bench.settle(12, by: worker)
      try await worker.stop()
      try await bench.owner.execute(
        """
        UPDATE lectern.ingest_ledger SET last_id_hash = 1 WHERE partition = 1;
        DELETE FROM lectern.ingest_ledger WHERE partition = 2
        """)
      try await send(9..<13, to: bench, partition: 0)
      try await send(0..<2, to: bench, partition: 2)
    }

    @Test(.timeLimit(.minutes(3))) func oneLookSaysHowThingsStand() async throws {
      try await IngestBench.run(partitions: 3) { bench in
        try await fill(bench)
        let result = try await bench.lectern(["top", "--once", "--json"])
        #expect(result.status == .exited(0), "\(result)")
        let report = try #require(try reports(result.output).first)
        #expect(report.postgres?.ok == true && report.kafka?.ok == true && report.cluster == bench.clusterID)
        #expect(report.recordsPerSecond == 0 && report.batch == nil)
        let frames = report.partitions.filter { $0.topic == bench.frameTopic }
        #expect(frames.map(\.partition) == [1, 0, 2], "\(frames)")
        #expect(frames[0].parked?.contains("is not the one that was stored") == true && report.parked == 1)
        #expect((frames[1].next, frames[1].end, frames[1].lag) == (9, 13, 4))
        #expect(frames[1].lagSeconds.map { $0 >= 0 && $0 < 120 } == true)
        #expect((frames[2].ledger, frames[2].lag) == (nil, 2))
        #expect(report.lagRecords == 6)
        #expect(report.rejects.map(\.code) == ["no_consent"] && report.rejects.first?.new == 0)
        #expect(!result.output.contains(IngestBench.learner(0).text))

        let text = try await bench.lectern(["top", "--once"])
        #expect(
          text.status == .exited(0) && text.output.contains("PARKED") && !text.output.contains("\u{1b}"), "\(text)")

        let show = try await bench.lectern(["ledger", "show"])
        #expect(show.status == .exited(0))
        #expect(show.output.contains("\(bench.frameTopic)[1] is parked: the record at offset 2"), "\(show)")
        let json = try await bench.lectern(["ledger", "show", "--json"])
        struct Line: Decodable {
          let topic: TopicName, partition: Int32, next: Int64, lag, end: Int64?, parked: String?
        }
        let lines = try JSONDecoder().decode([Line].self, from: Data(json.output.utf8))
          .filter { $0.topic == bench.frameTopic }
        #expect(lines.map(\.lag) == [4, 0] && lines.map(\.end) == [13, 3])
        #expect(lines.map { $0.parked != nil } == [false, true])
      }
    }

    @Test(.timeLimit(.minutes(3))) func aServerThatIsAwayIsSaidToBe() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce()
        try await send(0..<1, to: bench, partition: 0)
        let worker = bench.start(IngestRecognizer())
        try await bench.settle(1, by: worker)
        try await worker.stop()
        let nobody = ["LECTERN_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9"]
        let result = try await bench.lectern(["top", "--once", "--json"], environment: nobody)
        #expect(result.status == .exited(1))
        let report = try #require(try reports(result.output).first)
        #expect(report.kafka?.ok == false && report.kafka?.problem != nil && report.postgres?.ok == true)
        #expect(report.partitions.contains { $0.topic == bench.frameTopic && $0.next == 1 && $0.lag == nil })
        let show = try await bench.lectern(["ledger", "show"], environment: nobody)
        #expect(show.status == .exited(0) && show.error.contains("Kafka did not answer"), "\(show)")
        #expect(show.output.contains(bench.frameTopic.text))
        let verify = try await bench.lectern(["verify", "--json"], environment: nobody)
        #expect(verify.status == .exited(1) && verify.output.contains("Kafka did not answer"))
        let silent = try await bench.lectern(
          ["top", "--once", "--json", "--metrics", "http://127.0.0.1:9"],
          environment: ["LECTERN_POSTGRES_URL": "postgresql://nobody@127.0.0.1:9/none"])
        let last = try #require(try reports(silent.output).first)
        #expect(silent.status == .exited(1) && last.postgres?.ok == false && last.workers?.ok == false)
      }
    }

    /// Rejects that are too many to count at each start are not read: what is new is shown by code, the rest as a
    /// total.
    @Test(.timeLimit(.minutes(2))) func manyRejectsAreNotRead() async throws {
      try await withTestDatabase { database in
        let owner = try await database.connect()
        func reject(_ range: Range<Int>) async throws {
          try await owner.execute(
            """
            INSERT INTO lectern.ingest_reject (ledger_id, log_offset, code, rejected_at)
            SELECT 1, o, 'no_consent', now() FROM generate_series(\(range.lowerBound), \(range.upperBound - 1)) o;
            UPDATE lectern.ingest_ledger SET rejects = \(range.upperBound), next_offset = \(range.upperBound)
            """)
        }
        try await owner.execute(
          """
          INSERT INTO lectern.ingest_ledger (cluster_id, topic, partition, consumer_group, first_offset, next_offset)
          VALUES ('c', 'frames', 0, 'lectern', 0, 0)
          """)
        try await reject(0..<30)
        func observer(_ limit: Int64) -> LedgerObserver {
          LedgerObserver(
            settings: database.settings(role: "lectern_aggregator"), wholeCountLimit: limit, clock: { IngestBench.now })
        }
        let (few, many) = (observer(30), observer(29))
        var watch = IngestWatch()
        #expect(try await few.observe(clusterID: "c").rejects == [.noConsent: 30])
        let first = try await many.observe(clusterID: "c")
        #expect(first.rejects.isEmpty && !first.rejectsAreWhole)
        watch.take(first)
        try await reject(30..<37)
        #expect(try await few.observe(clusterID: "c").rejects == [.noConsent: 37])
        watch.take(try await many.observe(clusterID: "c"))
        let report = watch.report(at: IngestBench.now)
        #expect(report.rejectsTotal == 37)
        #expect(report.rejects == [WatchReport.Reject(code: "no_consent", count: nil, new: 7)])
        await few.close()
        await many.close()

        // And where even few take too long, the next look begins with what is new.
        let blocked = observer(1000)
        let blocker = try await database.connect()
        try await blocker.execute("BEGIN; LOCK TABLE lectern.ingest_reject IN ACCESS EXCLUSIVE MODE")
        let error = await #expect(throws: PostgresError.self) { try await blocked.observe(clusterID: "c") }
        #expect(error?.code == .queryCanceled)
        try await blocker.execute("COMMIT")
        let next = try await blocked.observe(clusterID: "c")
        #expect(next.rejects.isEmpty && !next.rejectsAreWhole)
        await blocked.close()
        await blocker.close()
        await owner.close()
      }
    }

    /// It goes on when its connection is cut, and ends on SIGTERM with 0.
    @Test(.timeLimit(.minutes(3))) func aCutConnectionIsOpenedAgain() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce(learners: 2)
        let path = "/tmp/lectern-top-test-\(UInt32.random(in: .min ... .max))"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let child = try await ProcessLauncher().launch(
          ChildCommand(
            try #require(builtExecutable), ["top", "--json", "--interval", "200ms"],
            environment: bench.programEnvironment),
          log: path)
        func count(_ isWanted: (Report) -> Bool) -> Int {
          let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
          // The last line may be half written.
          let whole = text.prefix(upTo: text.lastIndex(of: "\n") ?? text.startIndex)
          return ((try? reports(String(whole))) ?? []).count(where: isWanted)
        }
        try await bench.wait(for: "reports") { count { $0.postgres?.ok == true } >= 2 }
        let worker = bench.start(IngestRecognizer())
        try await send(0..<2, to: bench, partition: 0)
        try await bench.settle(2, by: worker)
        try await bench.wait(for: "the records to show") {
          count { $0.partitions.contains { $0.topic == bench.frameTopic && $0.next == 2 && $0.lag == 0 } } > 0
        }
        let cut = try await bench.number(
          """
          SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
          WHERE application_name = 'lectern top' AND datname = current_database()
          """)
        #expect(cut == 1)
        try await bench.wait(for: "the cut to show") { count { $0.postgres?.ok == false } > 0 }
        let after = count { $0.postgres?.ok == true }
        try await bench.wait(for: "reports after the cut") { count { $0.postgres?.ok == true } > after + 2 }
        try await worker.stop()
        #expect(await child.terminate(grace: .seconds(20)) == .exited(0))
      }
    }

    /// On a terminal it draws on the alternate screen, ends with q, and leaves what was there before.
    @Test(
      .enabled(if: TestTools.path(of: "script") != nil, "script of util-linux is not here"), .timeLimit(.minutes(2)))
    func aTerminalIsDrawnOnAndLeftAsItWas() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce()
        let path = "/tmp/lectern-top-test-\(UInt32.random(in: .min ... .max))"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let executable = try #require(builtExecutable)
        // A terminal of its own; its keys come from the pipe, q after three seconds.
        let line =
          "(sleep 3; printf q; sleep 5) | TERM=xterm script -qfec 'stty cols 60 rows 12; \(executable) top' \(path)"
        let begin = ContinuousClock.now
        let result = try await ProcessLauncher().run(
          ChildCommand("/bin/bash", ["-c", "\(line) > /dev/null & wait -n"], environment: bench.programEnvironment),
          deadline: .seconds(60))
        #expect(result.status == .exited(0))
        #expect(begin.duration(to: .now) < .seconds(50))
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains("\u{1b}[?1049h\u{1b}[?25l") && text.contains("lectern top"), "\(text)")
        #expect(text.contains("\u{1b}[?25h\u{1b}[?1049l"))
      }
    }
  }
}
