import Foundation
import Processes
package import Testing

/// An Apache Kafka that a test starts for itself, because it must be configured, stopped or killed: one node on
/// loopback, its files in a folder of the test's own.
///
/// The broker is no part of this package: `LECTERN_TEST_KAFKA` names a folder with `stop.sh DIR [--kill]` and
/// `start.sh DIR --port N --set KEY=VALUE …`, which prints `bootstrap=HOST:PORT`; else `shared/kafka` beside the
/// package's root. Tests that need it are skipped where it, or Java, is absent.
package struct LocalKafka: Sendable {
  package static let missing: Comment = "no Apache Kafka to start (LECTERN_TEST_KAFKA, and Java 17)"

  static let kit: URL? = {
    let given = ProcessInfo.processInfo.environment["LECTERN_TEST_KAFKA"].map { URL(filePath: $0) }
    let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    guard TestTools.path(of: "java") != nil else { return nil }
    let candidates = [given, root.deletingLastPathComponent().appending(path: "shared/kafka")]
    return candidates.compactMap { $0 }.first {
      FileManager.default.isExecutableFile(atPath: $0.appending(path: "start.sh").path)
    }
  }()

  package static var isPresent: Bool { kit != nil }

  /// The client port; the controller's is the next one, and the two after that are free for further listeners.
  package let port: Int
  package let bootstrapServers: String
  /// The broker's files; more may be put there.
  package let folder: String

  /// Ends the broker as a machine does that dies.
  package func kill() async throws {
    let stop = ChildCommand(try Self.script("stop.sh"), [folder, "--kill"])
    try await ProcessLauncher().run(stop, deadline: .seconds(30)).requireSuccess()
  }

  /// Starts the broker again where it was, with the data it had; returns once it serves.
  package func restart() async throws { try await start() }

  /// Starts it on its port, with the settings that its folder holds.
  func start() async throws {
    let start = ChildCommand(try Self.script("start.sh"), [folder, "--port", "\(port)"])
    try await ProcessLauncher().run(start, deadline: .seconds(90)).requireSuccess()
  }

  /// Ends the broker as a machine does that dies, and keeps a copy of what its disk holds at that moment.
  package func killKeepingDisk() async throws {
    try await kill()
    try await keepDisk()
  }

  /// Keeps a copy of what the disk of a broker holds that is not running.
  package func keepDisk() async throws {
    try? FileManager.default.removeItem(atPath: "\(folder)/kept")
    // A log's indexes are files of megabytes with nothing in them.
    try await ProcessLauncher().run(
      ChildCommand("/bin/cp", ["-a", "--sparse=always", "\(folder)/data", "\(folder)/kept"]), deadline: .seconds(120)
    ).requireSuccess()
  }

  /// Starts the broker with the disk that was kept: what was written since then was never flushed.
  package func restartWithKeptDisk() async throws {
    try putKeptDisk()
    try await restart()
  }

  /// Gives a broker that is not running the disk that was kept.
  package func putKeptDisk() throws {
    try FileManager.default.removeItem(atPath: "\(folder)/data")
    try FileManager.default.moveItem(atPath: "\(folder)/kept", toPath: "\(folder)/data")
  }

  /// The first of four ports on which nobody listens, below those that the kernel hands out. Other tests may start a
  /// broker at the same time: theirs are the same four or four others.
  static func freePort() -> Int {
    while true {
      let first = 4 * UInt16.random(in: 4_000..<6_500)
      let sockets = (first..<first + 4).compactMap { try? ProxySocket.listen(on: $0).socket }
      for socket in sockets { close(socket) }
      if sockets.count == 4 { return Int(first) }
    }
  }

  static func script(_ name: String) throws -> String {
    guard let kit else { throw LocalKafkaError.missing }
    return kit.appending(path: name).path
  }

  /// Runs a test with a broker of its own, which is killed and removed however the test ends.
  ///
  /// - Parameter settings: broker properties for a port and a folder.
  package static func run(
    settings: (_ port: Int, _ folder: String) async throws -> [String: String] = { _, _ in [:] },
    _ body: (LocalKafka) async throws -> Void
  ) async throws {
    guard let kit else { throw LocalKafkaError.missing }
    let folder = TestTools.scratchPath("kafka")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let port = freePort()
    var failure: (any Error)?
    do {
      let properties = try await settings(port, folder).sorted { $0.key < $1.key }
      let command = ChildCommand(
        kit.appending(path: "start.sh").path,
        [folder, "--port", "\(port)"] + properties.flatMap { ["--set", "\($0.key)=\($0.value)"] })
      let output = try await ProcessLauncher().run(command, deadline: .seconds(90)).requireSuccess().outputText
      guard let line = output.split(separator: "\n").first(where: { $0.hasPrefix("bootstrap=") }) else {
        throw LocalKafkaError.silent
      }
      try await body(
        LocalKafka(port: port, bootstrapServers: String(line.dropFirst("bootstrap=".count)), folder: folder))
    } catch {
      failure = error
    }
    let stop = ChildCommand(kit.appending(path: "stop.sh").path, [folder, "--kill"])
    _ = try? await ProcessLauncher().run(stop, deadline: .seconds(30))
    try? FileManager.default.removeItem(atPath: folder)
    if let failure { throw failure }
  }
}

enum LocalKafkaError: Error {
  case missing
  /// It started and did not say where it is.
  case silent
}
