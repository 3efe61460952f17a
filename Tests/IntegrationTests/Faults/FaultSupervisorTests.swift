import LearningEvents
import PostgresIO
import Processes
import Synchronization
import Telemetry
import TestSupport
import Testing

extension Faults {
  /// What ends a worker is mended by a person, and the unit starts it again until then.
  @Suite(
    .enabled(if: !KafkaTestServer.isReal, "what it is about is PostgreSQL: only the embedded broker's round runs it"),
    .enabled(if: builtExecutable != nil && PostgresTestServer.isWanted))
  struct FaultSupervisor {
    /// A person's mistake with the worker's login or database.
    enum Mistake: String, CaseIterable, Sendable, CustomTestStringConvertible {
      case loginRefused, passwordChanged, roleTakenAway, databaseRenamed, databaseDropped, saidToBeDropped

      /// What PostgreSQL says then.
      var code: String {
        switch self {
        case .loginRefused: "28000"
        case .passwordChanged: "28P01"
        case .roleTakenAway: "42501"
        case .databaseRenamed, .databaseDropped: "3D000"
        case .saidToBeDropped: "57P04"
        }
      }

      var testDescription: String { "\(rawValue), \(code)" }
    }

    /// Makes a mistake and mends it, over another database of the same server: no session keeps this one in use.
    private struct Operator {
      let mistake: Mistake
      let bench: FaultBench
      let login = "supervised_\(UInt32.random(in: .min ... .max))"
      private let server: PostgresConnection
      private var database: TestDatabase { bench.ingest.database }
      private var copy: String { "\(database.name)_copy" }

      init(_ mistake: Mistake, _ bench: FaultBench) async throws {
        (self.mistake, self.bench) = (mistake, bench)
        var settings = bench.ingest.database.settings()
        settings.database = "postgres"
        server = try await PostgresConnection.open(settings, logger: .silent)
        try await server.execute("CREATE ROLE \(login) LOGIN PASSWORD 'x' IN ROLE lectern_ingest")
        // A copy from before, as a nightly dump is one.
        if mistake == .databaseDropped {
          try await withoutSessions("CREATE DATABASE \(copy) TEMPLATE \(database.name)")
        }
        if mistake == .passwordChanged {
          // What a server asks of other logins stays as it is.
          try await changeAccess(["local all \(login) scram-sha-256", "host all \(login) all scram-sha-256"])
        }
      }

      var environment: [String: String] {
        ["LECTERN_POSTGRES_URL": database.programURL(as: login, password: "x")]
      }

      func make() async throws {
        switch mistake {
        case .loginRefused: try await server.execute("ALTER ROLE \(login) NOLOGIN")
        case .passwordChanged: try await server.execute("ALTER ROLE \(login) PASSWORD 'y'")
        case .roleTakenAway: try await server.execute("REVOKE lectern_ingest FROM \(login)")
        case .databaseRenamed:
          return try await withoutSessions("ALTER DATABASE \(database.name) RENAME TO \(copy)", calling: copy)
        case .databaseDropped:
          try await server.execute("DROP DATABASE \(database.name) WITH (FORCE)")
          return bench.history.beginGeneration()
        case .saidToBeDropped:
          // In its own words only a standby says so, to sessions that read.
          return try await inDatabase(
            """
            CREATE FUNCTION lectern.dropped() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE SQLSTATE '57P04' USING MESSAGE = 'the database was dropped'; END $$;
            CREATE TRIGGER dropped BEFORE INSERT ON lectern.emotion_sample
            FOR EACH ROW EXECUTE FUNCTION lectern.dropped()
            """)
        }
        try await server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '\(login)'")
      }

      func mend() async throws {
        switch mistake {
        case .loginRefused: try await server.execute("ALTER ROLE \(login) LOGIN")
        case .passwordChanged: try await server.execute("ALTER ROLE \(login) PASSWORD 'x'")
        case .roleTakenAway: try await server.execute("GRANT lectern_ingest TO \(login)")
        case .databaseRenamed, .databaseDropped:
          try await server.execute("ALTER DATABASE \(copy) RENAME TO \(database.name)")
        case .saidToBeDropped:
          try await inDatabase("DROP TRIGGER dropped ON lectern.emotion_sample; DROP FUNCTION lectern.dropped()")
        }
      }

      func end() async throws {
        if mistake == .passwordChanged { try await changeAccess([]) }
        try await server.execute("REVOKE lectern_ingest FROM \(login)")
        try await server.execute("DROP ROLE \(login)")
        await server.close()
      }

      private func inDatabase(_ script: String) async throws {
        try await PostgresConnection.with(database.settings(), logger: .silent) { try await $0.execute(script) }
      }

      /// Ends all sessions of the database for a statement that takes none; its name afterwards may be another.
      private func withoutSessions(_ statement: String, calling name: String? = nil) async throws {
        try await server.execute("ALTER DATABASE \(database.name) ALLOW_CONNECTIONS false")
        let sessions = "FROM pg_stat_activity WHERE datname = '\(database.name)'"
        try await bench.wait(for: "the sessions to end") {
          try await server.execute("SELECT pg_terminate_backend(pid) \(sessions)")
          return try await server.query("SELECT count(*) \(sessions)").value() == Int64(0)
        }
        try await server.execute(statement)
        try await server.execute("ALTER DATABASE \(name ?? database.name) ALLOW_CONNECTIONS true")
      }

      /// Puts lines about the login before what the server's file says of access, in place of those that are there.
      private func changeAccess(_ lines: [String]) async throws {
        let file: String = try await server.query("SHOW hba_file").value()
        let rest = """
          SELECT line FROM regexp_split_to_table(pg_read_file('\(file)'), chr(10)) WITH ORDINALITY AS t (line, number)
          WHERE line <> '' AND line NOT LIKE '% \(login) %' ORDER BY number
          """
        let all = (lines.map { "SELECT '\($0)'" } + ["(\(rest))"]).joined(separator: " UNION ALL ")
        // Read before it is opened for writing.
        try await server.execute(
          """
          CREATE TEMPORARY TABLE access AS \(all);
          COPY access TO '\(file)' (FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01');
          DROP TABLE access;
          SELECT pg_reload_conf()
          """)
      }
    }

    /// As `Restart=on-failure` of ops/systemd does: again and again, without limit, unless it ended with 64 or 78.
    ///
    /// - Parameter ended: what each worker that ended gave as its reason.
    private func supervise(
      _ bench: FaultBench, environment: [String: String], ended: inout [String],
      until isOver: (_ ended: [String]) async throws -> Bool
    ) async throws -> StubWorkerProcess {
      while true {
        let worker = try await bench.startWorker("worker-\(ended.count + 1)", environment: environment)
        while worker.exitStatus == nil {
          if try await isOver(ended) { return worker }
          try await Task.sleep(for: .milliseconds(50))
        }
        #expect(worker.exitStatus == .exited(1), "\(worker.lastWords)")
        ended.append(worker.logLines("the worker ended").last ?? "")
        bench.forget(worker)
      }
    }

    @Test(.timeLimit(.minutes(4)), arguments: Mistake.allCases)
    func aWorkerGoesOnOnceItsLoginIsMended(_ mistake: Mistake) async throws {
      try await FaultBench.run(FaultBench.Options(partitions: 2)) { bench in
        let person = try await Operator(mistake, bench)
        var ended: [String] = []
        var isBroken = false, isMended = false
        bench.producer.start()
        let worker = try await supervise(bench, environment: person.environment, ended: &ended) { ended in
          if !isBroken, bench.history.accounted > 200 {
            isBroken = true
            try await person.make()
          }
          // A session that was ended for the mistake's sake may end the first for another reason.
          if isBroken, !isMended, ended.count(where: { $0.contains("PostgreSQL \(mistake.code)") }) >= 3 {
            isMended = true
            try await person.mend()
          }
          return isMended && bench.history.accounted > 1_000
        }
        try await bench.drain(by: worker)
        #expect(await worker.stop() == .exited(0))
        try await bench.check()
        try await person.end()
      }
    }
  }
}
