package import KafkaIO
package import LearningEvents
package import LocalServers
package import Telemetry

import class Foundation.ProcessInfo

/// The Kafka a test runs against: the one `LECTERN_KAFKA_BOOTSTRAP_SERVERS` names, else a fresh embedded broker.
package final class KafkaTestServer: Sendable {
  /// How to reach it, with a session timeout as short as the broker allows.
  package let settings: KafkaSettings
  /// The embedded broker, nil on a real Kafka.
  package let broker: EmbeddedBroker?
  package let logger: Logger
  private let admin: KafkaAdmin?

  package var isEmbedded: Bool { broker != nil }

  /// True if the tests were given a real Kafka: for traits of tests that need one.
  package static var isReal: Bool {
    !(ProcessInfo.processInfo.environment["LECTERN_KAFKA_BOOTSTRAP_SERVERS"] ?? "").isEmpty
  }

  package init(logger: Logger = .silent) throws {
    self.logger = logger
    if Self.isReal, let servers = ProcessInfo.processInfo.environment["LECTERN_KAFKA_BOOTSTRAP_SERVERS"] {
      // Kafka's own lower limit of a session timeout is 6 s.
      settings = KafkaSettings(
        bootstrapServers: servers, clientID: "lectern-tests",
        properties: ["session.timeout.ms": "6000", "heartbeat.interval.ms": "500"])
      broker = nil
      admin = try KafkaAdmin(settings: settings, logger: logger)
    } else {
      let broker = try EmbeddedBroker(logger: logger)
      self.broker = broker
      settings = broker.settings
      admin = nil
    }
  }

  /// A real Kafka that a test started for itself, whatever the environment names.
  package init(real settings: KafkaSettings) throws {
    (self.settings, broker, logger) = (settings, nil, .silent)
    admin = try KafkaAdmin(settings: settings, logger: .silent)
  }

  /// What the worker should call this log: the broker's own cluster id, or the embedded broker's made-up one.
  package func clusterID() throws -> ClusterID {
    if let broker { return broker.clusterID }
    return try admin!.clusterID(timeout: .seconds(20))
  }

  /// A name no other test has.
  package static func unique(_ prefix: String) -> String {
    "\(prefix)-\(String(UInt64.random(in: .min ... .max), radix: 36))"
  }

  /// Makes a topic, with properties such as `max.message.bytes`, of which the embedded broker has none. Blocks.
  package func createTopic(_ topic: TopicName, partitions: Int, configuration: [String: String] = [:]) throws {
    if let broker {
      try broker.createTopic(topic, partitions: partitions)
    } else {
      try admin!.createTopic(topic, partitions: partitions, configuration: configuration)
    }
  }

  /// Deletes a topic of a real Kafka; the embedded broker takes its topics with it. Blocks.
  package func deleteTopic(_ topic: TopicName) throws { try admin?.deleteTopic(topic) }

  /// Runs a test with topics of its own, one for each number of partitions, and deletes them afterwards, also on
  /// failure.
  package static func withTopics(
    partitions: [Int], configuration: [String: String] = [:], logger: Logger = .silent,
    _ body: (KafkaTestServer, [TopicName]) async throws -> Void
  ) async throws {
    let thread = BlockingThread(name: "kafka-test")
    let topics = partitions.map { _ in TopicName(unique("lectern-test")) }
    let server = try await thread.run {
      let server = try KafkaTestServer(logger: logger)
      for (topic, count) in zip(topics, partitions) {
        try server.createTopic(topic, partitions: count, configuration: configuration)
      }
      return server
    }
    var failure: (any Error)?
    do { try await body(server, topics) } catch { failure = error }
    await thread.run { for topic in topics { try? server.deleteTopic(topic) } }
    if let failure { throw failure }
  }

  /// Runs a test with one topic of its own.
  package static func withTopic(
    partitions: Int = 1, logger: Logger = .silent, _ body: (KafkaTestServer, TopicName) async throws -> Void
  ) async throws {
    try await withTopics(partitions: [partitions], logger: logger) { try await body($0, $1[0]) }
  }
}
