import CKafka
package import LearningEvents
package import Telemetry

/// The broker that librdkafka carries inside (`rd_kafka_mock.h`): real TCP on loopback, in memory, gone with this
/// object.
///
/// librdkafka calls it experimental. `LocalServers.EmbeddedBroker` is what commands and tests use; its limits stand
/// there. Any thread: the functions of `rd_kafka_mock.h` post to the cluster's own thread and wait.
package final class MockCluster: Sendable {
  private let handle: KafkaHandle
  /// The `rd_kafka_mock_cluster_t`, for tests that have it fail; valid as long as this object.
  package nonisolated(unsafe) let pointer: OpaquePointer

  /// `host:port`, several separated by commas.
  package let bootstrapServers: String

  /// Whether a broker that gives this cluster id is one of these, wherever it runs.
  package static func isClusterID(_ id: ClusterID) -> Bool { id.utf8.starts(with: "mockCluster".utf8) }

  /// Starts a cluster of some brokers, numbered from 1, each on a free port.
  package init(brokers: Int = 1, logger: Logger) throws(KafkaError) {
    // The cluster lives on the thread of a client, which itself connects to nobody.
    handle = try KafkaHandle.make(
      RD_KAFKA_PRODUCER, KafkaSettings(bootstrapServers: "", clientID: "embedded-broker"), overrides: [:],
      logger: logger)
    guard let pointer = rd_kafka_mock_cluster_new(handle.client, Int32(brokers)) else {
      throw KafkaError(.unsupported, while: "starting the embedded broker")
    }
    self.pointer = pointer
    bootstrapServers = String(cString: rd_kafka_mock_cluster_bootstraps(pointer))
  }

  deinit { rd_kafka_mock_cluster_destroy(pointer) }

  /// Makes a topic, replicated once.
  package func createTopic(_ topic: TopicName, partitions: Int) throws(KafkaError) {
    let code = rd_kafka_mock_topic_create(pointer, topic.text, Int32(partitions), 1)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, while: "creating a topic") }
  }
}
