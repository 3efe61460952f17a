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

/// The broker of a torture: an Apache Kafka that is killed, or the embedded one that is taken down.
struct TortureBroker: Sendable {
  let server: KafkaTestServer
  private let local: LocalKafka?

  /// Runs a test with an Apache Kafka of its own where that is wanted and there is one, else with the embedded broker.
  static func run(_ body: (TortureBroker) async throws -> Void) async throws {
    guard LocalKafka.isPresent, TortureSettings.wantsKafka else {
      let server = try await BlockingThread().run { try KafkaTestServer() }
      return try await body(TortureBroker(server: server, local: nil))
    }
    try await LocalKafka.run { local in
      let server = try await BlockingThread().run { try KafkaTestServer(real: FaultBench.settings(of: local)) }
      try await body(TortureBroker(server: server, local: local))
    }
  }

  var isEmbedded: Bool { local == nil }
  /// Whether a group survives that some of its members are frozen or killed while others wait for the end of a
  /// rebalance: the embedded broker ends the process then (librdkafka 2.0.2:
  /// `rd_kafka_mock_cgrp_member_sync_set: Assertion !member->resp`).
  var mayLoseMembers: Bool { !isEmbedded }
  var name: String { isEmbedded ? "the embedded broker" : "Apache Kafka" }

  func takeDown() async throws {
    if let local { return try await local.kill() }
    let broker = server.broker
    try await BlockingThread().run { try broker?.cluster.setDown(true) }
  }

  func bringUp() async throws {
    if let local { return try await local.restart() }
    let broker = server.broker
    try await BlockingThread().run { try broker?.cluster.setDown(false) }
  }
}
