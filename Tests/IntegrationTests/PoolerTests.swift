import Foundation
import LocalServers
import PostgresIO
import Processes
import Telemetry
import TestSupport
import Testing

extension Database {
  /// Poolers between Lectern and PostgreSQL: one that keeps sessions serves, another is refused before anything is set.
  @Suite(
    .enabled(if: LocalPgBouncer.isPresent, LocalPgBouncer.missing),
    .enabled(if: PostgresTestServer.isInstalled && builtExecutable != nil))
  struct PoolerTests {
    private func withServer(_ body: (PostgresCluster, String) async throws -> Void) async throws {
      let folder = "/tmp/lectern-pooled-\(UInt32.random(in: 0...UInt32.max))"
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let cluster = try await PostgresCluster.start(
        folder: "\(folder)/postgres", durability: .none, launcher: ProcessLauncher(), logger: .silent)
      do {
        _ = try await cluster.createDatabase("pooled", logger: .silent)
        try await body(cluster, "pooled")
        await cluster.stop()
      } catch {
        await cluster.stop()
        throw error
      }
    }

    private func lectern(_ arguments: [String], _ url: String) async throws -> ProcessResult {
      try await ProcessLauncher().run(
        ChildCommand(try #require(builtExecutable), arguments, environment: ["LECTERN_POSTGRES_URL": url]),
        deadline: .seconds(120))
    }

    @Test(.timeLimit(.minutes(5))) func onlyAPoolerThatKeepsSessionsIsTaken() async throws {
      try await withServer { cluster, database in
        for (mode, settings) in [
          (LocalPgBouncer.Mode.transaction, []), (.transaction, ["server_round_robin = 1"]), (.statement, []),
        ] {
          try await LocalPgBouncer.run(mode, before: cluster, database: database, settings: settings) { bouncer in
            await #expect("\(mode) \(settings)") {
              try await bouncer.connect(role: "lectern_ingest")
            } throws: { error in
              (error as? PostgresError)?.code == .poolerKeepsNoSession
            }
            for command in [["migrate", "up"], ["aggregate"], ["ledger", "show"], ["doctor"]] {
              let result = try await lectern(command, bouncer.url)
              // The examination goes on, and says it of one thing among others.
              #expect(result.status == .exited(command == ["doctor"] ? 1 : 78), "\(mode) \(command)")
              let said = result.errorText + result.outputText
              #expect(said.contains("a pooler shares out sessions"), "\(mode) \(command): \(said)")
            }
          }
        }
        // Nothing was written, and no stranger finds a session that was altered.
        try await PostgresConnection.with(
          PostgresSettings(url: cluster.url(database: database)), logger: .silent
        ) { connection in
          let schemas = try await connection.query("SELECT count(*) FROM pg_namespace WHERE nspname = 'lectern'")
          #expect(try schemas.single().decode(at: 0, as: Int64.self) == 0)
        }
        // A pool of one leaves none for the second connection that is tried.
        for settings in [[], ["default_pool_size = 1"]] {
          try await LocalPgBouncer.run(.session, before: cluster, database: database, settings: settings) { bouncer in
            try await bouncer.connect().close()
            let migrated = try await lectern(["migrate", "up"], bouncer.url)
            #expect(migrated.status == .exited(0), "\(migrated.errorText)")
            let shown = try await lectern(["ledger", "show"], bouncer.url)
            #expect(shown.status == .exited(0), "\(shown.errorText)")
          }
        }
      }
    }
  }
}
