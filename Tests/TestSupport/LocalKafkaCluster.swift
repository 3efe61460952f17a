import Foundation
import Processes

/// Three nodes of Apache Kafka that a test starts for itself, each of them broker and controller, so that leaders move
/// and replicas fall behind. Topics have three replicas; two of them must have a record before it is acknowledged.
package enum LocalKafkaCluster {
  private static let nodes = 1...3

  /// Runs a test with nodes of its own, which are killed and removed however the test ends.
  ///
  /// - Parameter settings: broker properties of every node.
  package static func run(
    settings: [String: String] = [:], _ body: ([LocalKafka]) async throws -> Void
  ) async throws {
    let folder = TestTools.scratchPath("kafka")
    var ports: [Int] = []
    while ports.count < nodes.count {
      let port = LocalKafka.freePort()
      if !ports.contains(port) { ports.append(port) }
    }
    let voters = zip(nodes, ports).map { "\($0)@127.0.0.1:\($1 + 1)" }.joined(separator: ",")
    let common = [
      "controller.quorum.voters": voters, "default.replication.factor": "3", "min.insync.replicas": "2",
      "offsets.topic.replication.factor": "3", "transaction.state.log.replication.factor": "3",
      "broker.session.timeout.ms": "6000", "broker.heartbeat.interval.ms": "500",
      "replica.lag.time.max.ms": "2000",
    ].merging(settings) { $1 }
    let cluster = zip(nodes, ports).map { number, port in
      LocalKafka(port: port, bootstrapServers: "127.0.0.1:\(port)", folder: "\(folder)/\(number)")
    }
    var failure: (any Error)?
    do {
      try await start(cluster, common)
      try await body(cluster)
    } catch {
      failure = error
    }
    for node in cluster { try? await node.kill() }
    try? FileManager.default.removeItem(atPath: folder)
    if let failure { throw failure }
  }

  /// Formats every node for one cluster, and starts them side by side: none of them serves alone.
  private static func start(_ cluster: [LocalKafka], _ settings: [String: String]) async throws {
    // 16 bytes in URL-safe Base64 that does not begin with a dash.
    let id =
      "A"
      + Data((0..<16).map { _ in UInt8.random(in: 0...255) }).base64EncodedString()
      .replacing("+", with: "_").replacing("/", with: "-").prefix(21)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (number, node) in zip(nodes, cluster) {
        let own = settings.merging(["node.id": "\(number)"]) { $1 }
        group.addTask {
          try await format(node, for: id, own)
          try await node.start()
        }
      }
      try await group.waitForAll()
    }
  }

  private static func format(_ node: LocalKafka, for clusterID: String, _ settings: [String: String]) async throws {
    try FileManager.default.createDirectory(atPath: node.folder, withIntermediateDirectories: true)
    let lines = settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    try (lines.joined(separator: "\n") + "\n").write(
      toFile: "\(node.folder)/extra.properties", atomically: true, encoding: .utf8)
    let format = [
      "process.roles=broker,controller", "log.dirs=\(node.folder)/data", "controller.listener.names=CONTROLLER",
      "listeners=PLAINTEXT://127.0.0.1:\(node.port),CONTROLLER://127.0.0.1:\(node.port + 1)",
      "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    ]
    let path = "\(node.folder)/format.properties"
    try (format + lines).joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
    guard let kit = LocalKafka.kit, let java = TestTools.path(of: "java") else { throw LocalKafkaError.missing }
    try await ProcessLauncher().run(
      ChildCommand(
        java,
        [
          "-XX:TieredStopAtLevel=1", "-cp", "\(kit.path)/libs/*", "kafka.tools.StorageTool", "format", "-t", clusterID,
          "-c", path,
        ]),
      deadline: .seconds(60)
    ).requireSuccess()
  }
}
