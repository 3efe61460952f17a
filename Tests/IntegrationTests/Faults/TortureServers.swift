import Foundation
import KafkaIO
import LocalServers
import Persistence
import PostgresIO
import Processes
import Synchronization
import Telemetry
import TestSupport

/// A PostgreSQL of a test's own, found at the same address however often it is started.
actor CrashableDatabase {
  private let folder: String
  private var cluster: PostgresCluster?
  nonisolated let database: TestDatabase

  private init(folder: String) {
    self.folder = folder
    let socket = "\(folder)/socket".replacing("/", with: "%2F")
    database = TestDatabase(url: "postgresql://lectern@/postgres?host=\(socket)", name: "lectern")
  }

  /// Makes one that loses nothing in a crash, with the whole schema.
  static func make(folder: String) async throws -> CrashableDatabase {
    let made = CrashableDatabase(folder: folder)
    try await made.start()
    try await made.prepare()
    return made
  }

  private func prepare() async throws {
    _ = try await cluster?.createDatabase(database.name, logger: .silent)
    let connection = try await database.connect()
    try await MigrationRunner(connection: connection, logger: .silent).up()
    await connection.close()
  }

  func start() async throws {
    guard cluster == nil else { return }
    let started = try await PostgresCluster.start(
      folder: "\(folder)/postgres", launcher: ProcessLauncher(), logger: .silent)
    cluster = started
    let link = "\(folder)/socket"
    try? FileManager.default.removeItem(atPath: link)
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: started.socketFolder)
  }

  /// Ends it at once; false if it is down already.
  func crash() async -> Bool {
    guard let running = cluster else { return false }
    cluster = nil
    await running.stop(signal: SIGQUIT)
    return true
  }

  func stop() async {
    await cluster?.stop()
    cluster = nil
  }

  /// Copies the data folder of a server that is stopped for it.
  func backUp() async throws {
    await stop()
    try await copy("postgres", to: "backup")
    try await start()
  }

  /// Crashes the server and puts the copy in its place; the caller starts it.
  func replaceByBackup() async throws {
    _ = await crash()
    try await copy("backup", to: "postgres")
  }

  private func copy(_ name: String, to copy: String) async throws {
    try? FileManager.default.removeItem(atPath: "\(folder)/\(copy)")
    try await ProcessLauncher().run(
      ChildCommand("/bin/cp", ["-a", "\(folder)/\(name)", "\(folder)/\(copy)"]), deadline: .seconds(120)
    ).requireSuccess()
  }
}

/// The brokers of a torture: nodes of Apache Kafka that are killed, one or three, or the embedded broker that is taken
/// down.
final class TortureBroker: Sendable {
  let server: KafkaTestServer
  private let nodes: [LocalKafka]
  /// The node that is down.
  private let absent = Mutex<Int?>(nil)

  private init(server: KafkaTestServer, nodes: [LocalKafka]) { (self.server, self.nodes) = (server, nodes) }

  /// Runs a test with an Apache Kafka of its own where that is wanted and there is one, else with the embedded broker.
  static func run(_ body: (TortureBroker) async throws -> Void) async throws {
    guard LocalKafka.isPresent, TortureSettings.broker != .embedded else {
      let server = try await BlockingThread().run { try KafkaTestServer() }
      return try await body(TortureBroker(server: server, nodes: []))
    }
    func use(_ nodes: [LocalKafka]) async throws {
      var settings = FaultBench.settings(of: nodes[0])
      settings.bootstrapServers = nodes.map(\.bootstrapServers).joined(separator: ",")
      let (chosen, thread) = (settings, BlockingThread())
      let server = try await thread.run { try KafkaTestServer(real: chosen) }
      try await body(TortureBroker(server: server, nodes: nodes))
    }
    switch TortureSettings.broker {
    case .cluster: try await LocalKafkaCluster.run { try await use($0) }
    case .kafka, .embedded: try await LocalKafka.run { try await use([$0]) }
    }
  }

  var isEmbedded: Bool { nodes.isEmpty }
  /// Whether a group survives that some of its members are frozen or killed while others wait for the end of a
  /// rebalance: the embedded broker ends the process then (librdkafka 2.0.2:
  /// `rd_kafka_mock_cgrp_member_sync_set: Assertion !member->resp`).
  var mayLoseMembers: Bool { !isEmbedded }
  var name: String {
    isEmbedded ? "the embedded broker" : "Apache Kafka of \(nodes.count) node\(nodes.count == 1 ? "" : "s")"
  }

  /// Takes one node down: of three, so that leaders move and the group finds another coordinator.
  ///
  /// - Parameter choice: any number; it says which.
  func takeDown(_ choice: Int) async throws {
    guard !nodes.isEmpty else {
      let broker = server.broker
      return try await BlockingThread().run { try broker?.cluster.setDown(true) }
    }
    let index = choice % nodes.count
    absent.withLock { $0 = index }
    try await nodes[index].kill()
  }

  func bringUp() async throws {
    guard !nodes.isEmpty else {
      let broker = server.broker
      return try await BlockingThread().run { try broker?.cluster.setDown(false) }
    }
    guard let index = absent.withLock({ $0.take() }) else { return }
    try await nodes[index].restart()
  }

  /// Keeps what the disks of all nodes hold now, for `loseWhatCameSince`; all of them must be up.
  func keepDisks() async throws {
    for node in nodes { try await node.kill() }
    for node in nodes { try await node.keepDisk() }
    try await restart()
  }

  /// Kills all nodes, and starts them with the disks that were kept: what came since was acknowledged and is gone, as
  /// where machines lost their power. `down` is called while no node runs.
  func loseWhatCameSince(_ down: () -> Void) async throws {
    for node in nodes { try await node.kill() }
    down()
    for node in nodes { try node.putKeptDisk() }
    try await restart()
  }

  /// None of several serves alone.
  private func restart() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for node in nodes { group.addTask { try await node.restart() } }
      try await group.waitForAll()
    }
  }
}
