import Foundation
package import KafkaIO
package import LearningEvents
package import Telemetry

/// A Kafka broker for the demo and the tests: the one librdkafka carries inside, on a free port of 127.0.0.1.
///
/// Memory only. What it cannot do: static membership, raising partitions, transactions, retention settings, deleting
/// topics (there is no administration at all), and telling one start from another: its own cluster id is a heap
/// address, so a fresh random one is made here and must be given to the worker.
package final class EmbeddedBroker: Sendable {
  /// How far a producer may be ahead of what the ledger has stored, in bytes of one partition, which keeps 5 MiB and
  /// drops older records without a word: of 400 frames of 40 kB it leaves 112.
  package static let publishAheadLimitBytes = 3 << 20
  /// Partitions of the demo's frame topic: so that 3 MiB each are enough for a class.
  package static let demoPartitionCount = 32
  /// Properties that consumers on this broker must have. The first join of a group takes 3 s there, and who has a
  /// session timeout of 2 s is forgotten meanwhile and never answered; each later step of a rebalance takes the session
  /// timeout less 1 s, so a long one only makes rebalances slow.
  package static let consumerProperties = ["session.timeout.ms": "4000", "heartbeat.interval.ms": "500"]

  /// librdkafka's cluster behind it.
  package let cluster: MockCluster
  /// Names this start of this broker in the ledger.
  package let clusterID: ClusterID

  package var bootstrapServers: String { cluster.bootstrapServers }

  /// Starts it. It ends with this object.
  package init(logger: Logger) throws(KafkaError) {
    cluster = try MockCluster(logger: logger)
    clusterID = ClusterID("embedded-" + UUID().uuidString.lowercased())
  }

  /// Makes a topic. Make every topic before anything asks for it: this broker answers a question about an unknown topic
  /// by making it, with 4 partitions.
  package func createTopic(_ topic: TopicName, partitions: Int) throws(KafkaError) {
    try cluster.createTopic(topic, partitions: partitions)
  }
}
