import CKafka
package import LearningEvents
package import Telemetry

/// The broker that librdkafka carries inside (`rd_kafka_mock.h`): real TCP on loopback, in memory, gone with this object.
///
/// librdkafka calls it experimental. `LocalServers.EmbeddedBroker` is what commands and tests use; its limits stand there.
/// Any thread: the functions of `rd_kafka_mock.h` post to the cluster's own thread and wait.
package final class MockCluster: Sendable {
  /// Requests whose failures can be pushed, by Kafka's API key.
  package enum Request: Int16, Sendable {
    case produce = 0
    case fetch = 1
    case listOffsets = 2
    case metadata = 3
    case offsetCommit = 8
    case offsetFetch = 9
    case findCoordinator = 10
    case joinGroup = 11
    case heartbeat = 12
    case leaveGroup = 13
    case syncGroup = 14
  }

  private let handle: KafkaHandle
  private let cluster: MockPointer

  /// Carries the cluster's address. `@unchecked Sendable`: see the class.
  private struct MockPointer: @unchecked Sendable {
    let pointer: OpaquePointer
  }

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
    cluster = MockPointer(pointer: pointer)
    bootstrapServers = String(cString: rd_kafka_mock_cluster_bootstraps(pointer))
  }

  deinit { rd_kafka_mock_cluster_destroy(cluster.pointer) }

  /// Makes a topic, replicated once.
  package func createTopic(_ topic: TopicName, partitions: Int) throws(KafkaError) {
    try check(
      rd_kafka_mock_topic_create(cluster.pointer, topic.text, Int32(partitions), 1), "creating a topic")
  }

  /// Fails the next requests of a kind, one code each. Code `transport` cuts the connection.
  package func failNext(_ request: Request, with codes: [KafkaError.Code]) {
    let errors = codes.map { rd_kafka_resp_err_t($0.rawValue) }
    rd_kafka_mock_push_request_errors_array(cluster.pointer, request.rawValue, errors.count, errors)
  }

  /// Forgets pushed failures of a kind.
  package func clearFailures(of request: Request) {
    rd_kafka_mock_clear_request_errors(cluster.pointer, request.rawValue)
  }

  /// Takes all brokers down (connections cut, none accepted) or up again. The log stays.
  package func setDown(_ isDown: Bool) throws(KafkaError) {
    try check(
      isDown ? rd_kafka_mock_broker_set_down(cluster.pointer, -1) : rd_kafka_mock_broker_set_up(cluster.pointer, -1),
      "taking brokers down or up")
  }

  /// Delays every answer.
  package func setRoundTripTime(_ time: Duration) throws(KafkaError) {
    try check(rd_kafka_mock_broker_set_rtt(cluster.pointer, -1, time.cMilliseconds), "setting the round-trip time")
  }

  private func check(_ code: rd_kafka_resp_err_t, _ operation: String) throws(KafkaError) {
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, while: operation) }
  }
}
