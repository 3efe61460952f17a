import Foundation
import KafkaIO
import LocalServers
import PostgresIO
import Processes
import Telemetry
import TestSupport
import Testing

/// How long and with which seed; `make torture` sets both.
enum TortureSettings {
  static let seconds = number("LECTERN_TORTURE_SECONDS") ?? 30
  static let seed = number("LECTERN_TORTURE_SEED").map { UInt64($0) } ?? .random(in: 0..<1 << 32)

  /// Whether it is run by hand, with time for tests of minutes beside it.
  static let isLong = number("LECTERN_TORTURE_SECONDS") != nil
  static let onlyLong: Comment = "it takes minutes: only make torture runs it"

  enum Broker: String {
    case embedded
    /// One node.
    case kafka
    /// Three.
    case cluster
  }

  /// On what it runs: by hand as is said, else in the round of tests against an Apache Kafka on one of its own.
  static let broker =
    ProcessInfo.processInfo.environment["LECTERN_TORTURE_BROKER"].flatMap { Broker(rawValue: $0) }
    ?? (KafkaTestServer.isReal ? .kafka : .embedded)

  /// What the test may take: the run, and everything before and after it.
  static let minutes = seconds / 60 * 3 / 2 + 15

  private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }
}

extension Faults {
  /// Workers, connections, PostgreSQL and the broker fail together, at random.
  @Suite(.enabled(if: builtExecutable != nil && PostgresTestServer.isWanted))
  struct Torture {
    @Test(
      .enabled(if: !KafkaTestServer.isReal || LocalKafka.isPresent, LocalKafka.missing),
      .timeLimit(.minutes(TortureSettings.minutes)))
    func aRandomScheduleOfFaultsLosesAndDoublesNothing() async throws {
      let seed = TortureSettings.seed
      let folder = "/tmp/lectern-torture-\(String(UInt32.random(in: .min ... .max), radix: 16))"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      try await TortureBroker.run { broker in
        say("seed \(seed), \(TortureSettings.seconds) s, on \(broker.name) and PostgreSQL of its own")
        let database = try await CrashableDatabase.make(folder: folder)
        var failure: (any Error)?
        do { try await torture(database, broker, seed: seed) } catch { failure = error }
        await database.stop()
        if let failure { throw failure }
      }
    }

    private func torture(_ database: CrashableDatabase, _ broker: TortureBroker, seed: UInt64) async throws {
      let options = FaultBench.Options(impuritySeed: seed, waveringLearner: 5)
      let owner = try await database.database.connect()
      let ingest = try await IngestBench(
        server: broker.server, database: database.database, owner: owner, options)
      try await FaultBench.use(ingest, options) { bench in
        let run = try await TortureRun(
          bench, database: database, broker: broker, seed: seed, workers: broker.mayLoseMembers ? 3 : 1)
        defer { run.stop() }
        bench.producer.start()
        let begun = ContinuousClock.now
        try await run.run(for: .seconds(TortureSettings.seconds)) {
          let counts = bench.journal.counts
          say(
            """
            \(Int(begun.duration(to: .now) / .seconds(60))) min: \(counts.acknowledged) frames acknowledged, \
            \(Int64(counts.acknowledged) - bench.history.accounted) behind, faults \(Self.list(run.faults)), \
            \(run.restarts) restarts, \(run.audits) times verified, \(run.surprises.count) surprises, \
            at most \(run.residentPeak >> 20) MB a worker, \(StubWorkerProcess.residentBytes(of: getpid()) >> 20) MB here
            """)
        }
        try await bench.producer.stop(within: .seconds(120))
        let workers = run.workers
        try await bench.wait(for: "seed \(seed): the lag returns to 0", within: .seconds(120), alive: workers) {
          let behind = try await (bench.lag(), bench.controlLag())
          return behind == (0, 0)
        }
        for worker in workers { #expect(await worker.stop() == .exited(0), "seed \(seed): \(worker.logTail)") }
        let report = try await bench.check("seed \(seed)", mayRepeat: broker.isEmbedded, within: .seconds(3600))
        say(
          """
          seed \(seed): \(bench.journal.counts.acknowledged) frames, faults \(Self.list(run.faults)), \
          \(run.restarts) restarts, verified \(run.audits) times meanwhile, \(run.decisions) decisions about logs, at most \(run.residentPeak >> 20) MB a worker, \
          lost 0, doubled 0; the checker: \(report)
          """)
        #expect(run.audits > 0, "seed \(seed): the live database was never verified")
        // What a worker holds is bounded by its queues, however long it runs and whatever is away.
        #expect(run.residentPeak < 200 << 20, "seed \(seed)")
        // Keeps what the workers wrote.
        if let first = run.surprises.first { throw FaultBenchError.surprise(first) }
      }
      await owner.close()
    }

    private static func list(_ faults: [String: Int]) -> String {
      faults.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }.joined(separator: ", ")
    }

    private func say(_ line: String) { FileHandle.standardError.write(Data("torture: \(line)\n".utf8)) }
  }
}
