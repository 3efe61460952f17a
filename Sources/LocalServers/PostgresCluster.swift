import Foundation
import PostgresIO
package import Processes
package import Telemetry

/// A private PostgreSQL server over a data folder, for the demo and for tests: reachable through a Unix socket in a
/// folder only its user (and root) may enter, never through the network.
///
/// Starting on an existing folder goes on with its data, also after a crash. The server dies with this program however
/// that ends; `stop` ends it in order. As root, PostgreSQL runs as the user `postgres`, or else `nobody`.
package final class PostgresCluster: Sendable {
  /// How the server trades safety for speed.
  package enum Durability: Sendable {
    /// As PostgreSQL is by default.
    case full
    /// Nothing survives a crash of the machine: for tests.
    case none
  }

  package let folder: String
  package let socketFolder: String
  /// The server's log file, beside the data folder.
  package let logPath: String
  private let child: ChildProcess

  private init(folder: String, socketFolder: String, logPath: String, child: ChildProcess) {
    (self.folder, self.socketFolder, self.logPath, self.child) = (folder, socketFolder, logPath, child)
  }

  /// The connection string of one of its databases; the superuser is `lectern`, without a password.
  package func url(database: String = "postgres") -> String {
    let host = socketFolder.replacing("/", with: "%2F")
    return "postgresql://\(Self.superuser)@/\(database)?host=\(host)"
  }

  private static let superuser = "lectern"

  /// Makes the cluster if the folder is empty or missing, starts the server and waits until it answers.
  ///
  /// - Parameter binaries: the server's programs; nil finds those that are installed.
  package static func start(
    folder: String, durability: Durability = .full, binaries chosen: PostgresBinaries? = nil, launcher: ProcessLauncher,
    logger: Logger, readyDeadline: Duration = .seconds(60)
  ) async throws -> PostgresCluster {
    let folder = URL(fileURLWithPath: folder).standardizedFileURL.path
    let user = try PostgresFolders.serverUser()
    let version = try PostgresFolders.clusterVersion(folder)
    let binaries: PostgresBinaries
    if let chosen {
      binaries = chosen
    } else {
      binaries = try await PostgresBinaries.find(majorVersion: version, launcher: launcher)
    }
    if version == nil {
      try await create(folder, binaries: binaries, user: user, durability: durability, launcher: launcher)
      logger.info("made a private PostgreSQL cluster", metadata: ["folder": .string(folder)])
    } else {
      try PostgresFolders.give(folder, to: user)
      try await PostgresFolders.requireReachable(folder, by: user, launcher: launcher)
    }
    PostgresFolders.removeStaleLock(folder)
    let socketFolder = try PostgresFolders.makeSocketFolder(for: user, remembering: folder)
    let logPath = "\(folder).log"
    let child: ChildProcess
    do {
      child = try await launcher.launch(
        ChildCommand(
          binaries.postgres, ["-D", folder] + settings(socketFolder, durability), workingDirectory: "/", user: user),
        log: logPath)
    } catch {
      PostgresFolders.remove(socketFolder)
      throw error
    }
    let cluster = PostgresCluster(folder: folder, socketFolder: socketFolder, logPath: logPath, child: child)
    do {
      try await cluster.waitUntilReady(readyDeadline, logger: logger)
    } catch {
      await cluster.stop()
      throw error
    }
    logger.info("a private PostgreSQL is ready", metadata: ["socket": .string(socketFolder)])
    return cluster
  }

  /// Ends the server in order, cutting sessions off (a fast shutdown), or as another signal says: SIGQUIT is a crash,
  /// from which the folder recovers at its next start. Harmless when it has ended.
  package func stop(signal: Int32 = SIGINT, grace: Duration = .seconds(20)) async {
    await child.terminate(signal: signal, grace: grace)
    PostgresFolders.remove(socketFolder)
  }

  /// Makes a database unless there is one of that name, and returns its connection string.
  package func createDatabase(_ name: String, logger: Logger) async throws -> String {
    try await PostgresConnection.with(PostgresSettings(url: url()), logger: logger) { connection in
      let rows = try await connection.query("SELECT 1 FROM pg_database WHERE datname = $1", [.text(name)])
      if rows.isEmpty { try await connection.execute("CREATE DATABASE \"\(name.replacing("\"", with: "\"\""))\"") }
    }
    return url(database: name)
  }

  /// Into a folder beside, then renamed: a crash in the middle leaves nothing that looks like a cluster.
  private static func create(
    _ folder: String, binaries: PostgresBinaries, user: SystemUser?, durability: Durability,
    launcher: ProcessLauncher
  ) async throws {
    let unfinished = "\(folder).new"
    PostgresFolders.remove(unfinished)
    try PostgresFolders.make(unfinished, for: user)
    try await PostgresFolders.requireReachable(unfinished, by: user, launcher: launcher)
    var arguments = [
      "-D", unfinished, "-U", superuser, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions",
    ]
    if durability == .none { arguments.append("--no-sync") }
    let result = try await launcher.run(
      ChildCommand(binaries.initdb, arguments, workingDirectory: "/", user: user), deadline: .seconds(120))
    guard result.status.isSuccess else {
      PostgresFolders.remove(unfinished)
      throw PostgresClusterError.failed(program: "initdb", output: result.errorText.lastLines(3), log: nil)
    }
    // An empty folder may be in the way.
    try? FileManager.default.removeItem(atPath: folder)
    try FileManager.default.moveItem(atPath: unfinished, toPath: folder)
  }

  private static func settings(_ socketFolder: String, _ durability: Durability) -> [String] {
    var settings = [
      "listen_addresses=", "unix_socket_directories=\(socketFolder)", "unix_socket_permissions=0700",
      "max_connections=50", "logging_collector=off", "log_destination=stderr", "log_statement=none",
      // An error's log line would otherwise hold the statement, and a violated constraint's the row.
      "log_min_error_statement=panic", "log_error_verbosity=terse", "timezone=UTC", "log_timezone=UTC",
      "shared_buffers=128MB", "dynamic_shared_memory_type=mmap",
    ]
    if durability == .none { settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"] }
    return settings.flatMap { ["-c", $0] }
  }

  private func waitUntilReady(_ deadline: Duration, logger: Logger) async throws {
    let limit = ContinuousClock.now + deadline
    while ContinuousClock.now < limit {
      if child.exitStatus != nil {
        let log = (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? ""
        throw PostgresClusterError.failed(program: "postgres", output: log.lastLines(3), log: logPath)
      }
      do {
        let connection = try await PostgresConnection.open(PostgresSettings(url: url()), logger: logger)
        await connection.close()
        return
      } catch {
        // No socket yet, or 57P03 while it recovers.
        guard error.isTransient else { throw error }
      }
      try await Task.sleep(for: .milliseconds(50))
    }
    throw PostgresClusterError.notReady(log: logPath)
  }
}

extension String {
  fileprivate func lastLines(_ count: Int) -> String {
    split(separator: "\n").suffix(count).joined(separator: " / ")
  }
}
