import LearningEvents
import PostgresIO
import Processes
import Synchronization
import TestSupport
import Testing

extension Faults {
  /// What ends a worker is mended by a person, and the unit starts it again until then.
  @Suite(
    .enabled(if: !KafkaTestServer.isReal, "what it is about is PostgreSQL: only the embedded broker's round runs it"),
    .enabled(if: builtExecutable != nil && PostgresTestServer.isWanted))
  struct FaultSupervisor {
    /// A person's mistake with the worker's login, and how it is mended; `%` is the login.
    struct Mistake: Sendable, CustomTestStringConvertible {
      let code, make, mend: String
      var testDescription: String { code }
    }

    private static let mistakes = [
      Mistake(code: "28000", make: "ALTER ROLE % NOLOGIN", mend: "ALTER ROLE % LOGIN"),
      Mistake(code: "42501", make: "REVOKE lectern_ingest FROM %", mend: "GRANT lectern_ingest TO %"),
    ]

    /// As `Restart=on-failure` of ops/systemd does: again and again, without limit, unless it ended with 64 or 78.
    private func supervise(
      _ bench: FaultBench, environment: [String: String], starts: borrowing Atomic<Int>,
      until isOver: () async throws -> Bool
    ) async throws -> StubWorkerProcess {
      while true {
        let number = starts.wrappingAdd(1, ordering: .relaxed).newValue
        let worker = try await bench.startWorker("worker-\(number)", environment: environment)
        while worker.exitStatus == nil {
          if try await isOver() { return worker }
          try await Task.sleep(for: .milliseconds(50))
        }
        #expect(worker.exitStatus == .exited(1), "\(worker.lastWords)")
        bench.forget(worker)
      }
    }

    @Test(.timeLimit(.minutes(4)), arguments: mistakes)
    func aWorkerGoesOnOnceItsLoginIsMended(_ mistake: Mistake) async throws {
      try await FaultBench.run(FaultBench.Options(partitions: 2)) { bench in
        let owner = bench.ingest.owner
        let login = "supervised_\(UInt32.random(in: .min ... .max))"
        func run(_ statement: String) async throws {
          try await owner.execute(
            statement.replacing("%", with: login))
        }
        try await run("CREATE ROLE % LOGIN PASSWORD 'x' IN ROLE lectern_ingest")
        let environment = ["LECTERN_POSTGRES_URL": bench.ingest.database.programURL(as: login, password: "x")]
        let starts = Atomic(0)
        var isBroken = false, isMended = false
        bench.producer.start()
        let worker = try await supervise(bench, environment: environment, starts: starts) {
          if !isBroken, bench.history.accounted > 200 {
            isBroken = true
            try await run(mistake.make)
            try await run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '%'")
          }
          if isBroken, !isMended, starts.load(ordering: .relaxed) >= 4 {
            isMended = true
            try await run(mistake.mend)
          }
          return isMended && bench.history.accounted > 1_000
        }
        try await bench.drain(by: worker)
        #expect(await worker.stop() == .exited(0))
        try await bench.check()
        try await run("REVOKE lectern_ingest FROM %")
        try await run("DROP ROLE %")
      }
    }
  }
}
