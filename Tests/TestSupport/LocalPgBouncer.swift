import Foundation
import Glibc
package import LocalServers
package import PostgresIO
import Processes
import Telemetry
package import Testing

/// A PgBouncer that a test starts before a PostgreSQL of its own, on a port of the loopback address.
package struct LocalPgBouncer: Sendable {
  package static let missing: Comment = "no PgBouncer to start"
  package static var isPresent: Bool { TestTools.path(of: "pgbouncer") != nil }

  /// When a server's session is given to another client.
  package enum Mode: String, Sendable, CaseIterable { case session, transaction, statement }

  /// A connection string of the database.
  package let url: String

  /// Runs the body over a PgBouncer in a folder of its own, which is ended and removed however the body ends.
  ///
  /// - Parameter lines: further settings of its section `pgbouncer`.
  package static func run(
    _ mode: Mode, before cluster: PostgresCluster, database: String, settings lines: [String] = [],
    _ body: (LocalPgBouncer) async throws -> Void
  ) async throws {
    let folder = "/tmp/lectern-pgbouncer-\(UInt32.random(in: 0...UInt32.max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let port = LocalKafka.freePort()
    let settings =
      [
        "[databases]", "\(database) = host=\(cluster.socketFolder) user=lectern", "[pgbouncer]",
        "listen_addr = 127.0.0.1", "listen_port = \(port)", "unix_socket_dir =", "auth_type = any",
        "pool_mode = \(mode.rawValue)",
        // A pool of which there is more than one to choose from.
        "default_pool_size = 5",
      ] + lines
    let file = "\(folder)/pgbouncer.ini"
    try Data(settings.joined(separator: "\n").utf8).write(to: URL(filePath: file))
    // PgBouncer refuses to run as root, and the socket's folder is the server's user's.
    let user = geteuid() == 0 ? SystemUser("postgres") ?? SystemUser("nobody") : nil
    let child = try await ProcessLauncher().launch(
      ChildCommand("pgbouncer", ["-q", file], user: user), log: "\(folder)/log")
    do {
      try await body(LocalPgBouncer(url: "postgresql://any@127.0.0.1:\(port)/\(database)"))
    } catch {
      await child.terminate()
      throw error
    }
    await child.terminate()
  }

  /// The first connection that it lets through.
  package func connect(role: String? = nil) async throws -> PostgresConnection {
    let deadline = ContinuousClock.now + .seconds(30)
    while true {
      do throws(PostgresError) {
        return try await PostgresConnection.open(PostgresSettings(url: url, role: role), logger: .silent)
      } catch {
        // It does not listen yet.
        guard error.isTransient, ContinuousClock.now < deadline else { throw error }
      }
      try await Task.sleep(for: .milliseconds(50))
    }
  }
}
