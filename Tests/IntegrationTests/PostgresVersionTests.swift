import Foundation
import LearningEvents
import LocalServers
import Persistence
import PostgresIO
import Processes
import Telemetry
import TestSupport
import Testing

extension Program {
  /// The whole path on a new server of each version that is at hand, every command as a login of its own.
  @Suite(.enabled(if: builtExecutable != nil && PostgresTestServer.isInstalled))
  struct PostgresVersionTests {
    /// Folders with the server's programs; nil finds the installed ones.
    private static let versions = [nil] + TestTools.otherPostgres.map { Optional($0) }

    private func withServer(
      _ binaries: String?, _ body: (PostgresCluster, PostgresConnection) async throws -> Void
    ) async throws {
      let folder = TestTools.scratchPath("versions")
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let cluster = try await PostgresCluster.start(
        folder: "\(folder)/postgres", durability: .none, binaries: binaries.map { PostgresBinaries(folder: $0) },
        launcher: ProcessLauncher(), logger: .silent)
      var failure: (any Error)?
      do {
        let superuser = try await PostgresConnection.open(PostgresSettings(url: cluster.url()), logger: .silent)
        try await body(cluster, superuser)
        await superuser.close()
      } catch { failure = error }
      await cluster.stop()
      if let failure { throw failure }
    }

    private func url(_ cluster: PostgresCluster, as login: String) -> String {
      cluster.url(database: "lectern").replacing("//lectern@", with: "//\(login)@")
    }

    private func migrate(_ word: String, _ url: String) async throws {
      let result = try await ProcessLauncher().run(
        ChildCommand(try #require(builtExecutable), ["migrate", word], environment: ["LECTERN_POSTGRES_URL": url]),
        deadline: .seconds(120))
      try #require(result.status == .exited(0), "\(result.errorText)")
    }

    /// From 16 on who creates a role may administer it and not take it on, unless that is granted.
    @Test(.timeLimit(.minutes(5)), arguments: versions)
    func whoMayCreateRolesMakesThem(binaries: String?) async throws {
      try await withServer(binaries) { cluster, superuser in
        for statement in ["CREATE ROLE maker LOGIN CREATEROLE", "CREATE DATABASE lectern OWNER maker"] {
          try await superuser.execute(statement)
        }
        let url = url(cluster, as: "maker")
        try await migrate("up", url)
        try await migrate("verify", url)
        let made = try await superuser.query("SELECT rolname::text FROM pg_roles WHERE rolname ^@ 'lectern_'").map {
          try $0.decode(at: 0, as: String.self)
        }
        #expect(Set(made) == Set(DatabaseRole.allCases.map(\.rawValue)))
        let maker = try await PostgresConnection.open(PostgresSettings(url: url), logger: .silent)
        // The role that owns the audit log was taken on for the migration, and given back.
        for statement in ["DELETE FROM audit.entry", "SET ROLE lectern_migrator; DELETE FROM audit.entry"] {
          let forged = await #expect(throws: PostgresError.self) { try await maker.execute(statement) }
          #expect(forged?.code == .insufficientPrivilege, "\(statement)")
        }
        #expect(
          try await superuser.query(
            "SELECT count(*) FROM pg_auth_members WHERE roleid = 'lectern_audit_owner'::regrole AND NOT admin_option"
          ).value() == Int64(0))
        await maker.close()
      }
    }

    /// An administrator of an earlier version made fewer roles.
    @Test(.timeLimit(.minutes(3))) func whoMayNotMakeARoleIsToldHowItIsMade() async throws {
      try await withServer(nil) { cluster, superuser in
        for statement in [
          "CREATE ROLE lectern_migrator", "CREATE ROLE lectern_ingest", "CREATE ROLE lectern_aggregator",
          "CREATE ROLE lectern_web", "CREATE ROLE lectern_analyst", "CREATE ROLE lectern_researcher",
          "CREATE ROLE admin LOGIN IN ROLE lectern_migrator", "CREATE DATABASE lectern OWNER admin",
        ] { try await superuser.execute(statement) }
        let url = url(cluster, as: "admin")
        let refused = try await ProcessLauncher().run(
          ChildCommand(try #require(builtExecutable), ["migrate", "up"], environment: ["LECTERN_POSTGRES_URL": url]),
          deadline: .seconds(120))
        let told = try #require(refused.errorText.firstMatch(of: #/run \(those.*?\) "(.*?)", then/#)?.output.1)
        for statement in told.split(separator: "; ") { try await superuser.execute(String(statement)) }
        try await migrate("up", url)
      }
    }

    /// Statements of docs/operations.md, by which an administrator makes roles and logins.
    private func documented(from first: String, to last: String) throws -> [String] {
      let page = try String(contentsOf: TestTools.root.appending(path: "docs/operations.md"), encoding: .utf8)
      let begin = try #require(page.firstRange(of: first)?.lowerBound)
      let end = try #require(page[begin...].firstRange(of: last)?.upperBound)
      return page[begin..<end].split(separator: ";").map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
        .filter { !$0.isEmpty }
    }

    @Test(.timeLimit(.minutes(8)), arguments: versions)
    func everyCommandHasALoginWithItsRoleAlone(binaries: String?) async throws {
      try await withServer(binaries) { cluster, superuser in
        for statement in try documented(from: "CREATE ROLE lectern_migrator;", to: "TEMPLATE template0;") {
          try await superuser.execute(statement)
        }
        try await migrate("up", url(cluster, as: "lectern_admin"))
        try await superuser.execute("REVOKE lectern_audit_owner FROM lectern_admin")
        try await migrate("verify", url(cluster, as: "lectern_admin"))
        let logins = try documented(from: "CREATE ROLE lectern_worker LOGIN", to: "lectern_analyst    TO anna;")
        for statement in logins + ["CREATE ROLE officer LOGIN IN ROLE lectern_auditor"] {
          try await superuser.execute(statement)
        }
        let database = TestDatabase(url: cluster.url(), name: "lectern")
        try await FaultBench.run(on: database, FaultBench.Options(partitions: 1, learners: 12)) { bench in
          try await path(bench) { url(cluster, as: $0) }
        }
      }
    }

    /// From frames to figures, erasure and what is on record of it.
    private func path(_ bench: FaultBench, _ url: (_ login: String) -> String) async throws {
      func run(_ words: String..., as login: String, ending status: Int32 = 0) async throws -> String {
        let result = try await bench.ingest.lectern(
          words, environment: ["LECTERN_POSTGRES_URL": url(login)], deadline: .seconds(120))
        #expect(result.status == .exited(status), "\(words) as \(login): \(result.output) \(result.error)")
        return status == 0 ? result.output : result.error
      }
      let worker = try await bench.startWorker("one", environment: ["LECTERN_POSTGRES_URL": url("lectern_worker")])
      for frame in 0..<60 {
        let event = IngestBench.frame(
          session: "s\(frame % 12)", sequence: Int32(frame / 12), learner: IngestBench.learner(frame % 12))
        try await bench.ingest.send(event, image: IngestPictures.picture(frame), partition: 0)
      }
      try await bench.wait(for: "frames are stored", within: .seconds(60), alive: [worker]) {
        try await bench.ingest.progress() == 60
      }
      #expect(await worker.stop() == .exited(0))
      #expect(try await bench.ingest.counters().samples == 60)
      _ = try await run("aggregate", "--once", as: "lectern_aggregate")
      _ = try await run("verify", as: "lectern_aggregate")
      _ = try await run("rejects", "list", as: "lectern_aggregate")
      #expect(try await run("ledger", "show", as: "lectern_aggregate").contains(" ok"))
      #expect(try await run("report", "list", as: "lectern_serve").contains("Signals"))
      #expect(try await run("report", "run", "1", "--json", as: "lectern_serve").contains("Signals"))
      let analyst = try await PostgresConnection.open(PostgresSettings(url: url("anna")), logger: .silent)
      let shown: Int64 = try await analyst.query("SELECT count(*) FROM analytics.segment_overview").value()
      #expect(shown > 0)
      await analyst.close()
      _ = try await run(
        "erase", "--source", IngestBench.source.text, "--learner", IngestBench.learner(3).text, "--yes",
        as: "lectern_aggregate")
      #expect(try await run("audit", "list", "--action", "erase", as: "officer").contains("lectern_aggregate"))
      _ = try await run("verify", as: "lectern_aggregate")
      #expect(
        try await run("ledger", "new-incarnation", as: "lectern_admin", ending: 1).contains(
          "no partition's log was made"))
    }
  }
}
