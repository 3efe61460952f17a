import Foundation
import LocalServers
import PostgresIO
import Processes
import Telemetry
import TestSupport
import Testing

extension Database {
  @Suite(.enabled(if: PostgresTestServer.isInstalled))
  struct PostgresClusterTests {
    private func withFolder(_ body: (String) async throws -> Void) async throws {
      let folder = "/tmp/lectern-cluster-\(UInt32.random(in: 0...UInt32.max))"
      defer { try? FileManager.default.removeItem(atPath: folder) }
      try await body("\(folder)/postgres")
    }

    @Test func dataSurvivesAnOrderlyStopAndACrash() async throws {
      try await withFolder { folder in
        let launcher = ProcessLauncher()
        func start() async throws -> PostgresCluster {
          try await PostgresCluster.start(folder: folder, durability: .none, launcher: launcher, logger: .silent)
        }
        let first = try await start()
        let url = try await first.createDatabase("lectern", logger: .silent)
        #expect(try await first.createDatabase("lectern", logger: .silent) == url)
        let connection = try await PostgresConnection.open(PostgresSettings(url: url), logger: .silent)
        try await connection.execute("CREATE TABLE t AS SELECT 1 AS a")
        let settings = try await connection.query(
          "SELECT current_setting('listen_addresses') || current_setting('server_encoding')"
        ).single()
        #expect(try settings.decode(at: 0, as: String.self) == "UTF8")
        #expect("\(first.socketFolder)/.s.PGSQL.5432".utf8.count < 108)
        let mode = try FileManager.default.attributesOfItem(atPath: first.socketFolder)[.posixPermissions] as? Int
        #expect(mode == 0o700)
        await first.stop()
        #expect(!FileManager.default.fileExists(atPath: first.socketFolder))

        let second = try await start()
        await second.stop(signal: SIGQUIT)
        // A crash of the whole machine leaves the lock file, and its number may belong to any other process by now.
        let lock = "\(folder)/postmaster.pid"
        try "\(getpid())\n\(folder)\n1\n5432\n/tmp\n\n".write(toFile: lock, atomically: true, encoding: .utf8)

        let third = try await start()
        let again = try await PostgresConnection.open(
          PostgresSettings(url: third.url(database: "lectern")), logger: .silent)
        #expect(try await again.query("SELECT a FROM t").single().decode(at: 0, as: Int.self) == 1)
        await again.close()
        await third.stop()
      }
    }

    @Test func aForeignFolderIsLeftAlone() async throws {
      try await withFolder { folder in
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try "mine".write(toFile: "\(folder)/thesis.txt", atomically: true, encoding: .utf8)
        await #expect(throws: PostgresClusterError.notAFolder(folder)) {
          try await PostgresCluster.start(folder: folder, launcher: ProcessLauncher(), logger: .silent)
        }
        #expect(FileManager.default.fileExists(atPath: "\(folder)/thesis.txt"))
      }
    }
  }
}
