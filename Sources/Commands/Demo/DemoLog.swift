import KafkaIO
import LearningEvents
import Services
import Telemetry

/// The state of the frame topic before the demo publishes.
struct DemoLog: Sendable {
  let clusterID: ClusterID
  /// Where each partition of the topic ends.
  let ends: [Int32: Int64]

  init(_ kafka: KafkaSettings, topic: TopicName, logger: Logger) async throws {
    (clusterID, ends) = try await ThreadExecutor(name: "demo-kafka").run { () throws(KafkaError) in
      let admin = try KafkaAdmin(settings: kafka, logger: logger)
      var ends: [Int32: Int64] = [:]
      for number in 0..<Int32(try admin.partitionCount(of: topic, timeout: .seconds(20)) ?? 0) {
        let partition = TopicPartition(topic: topic, partition: number)
        ends[number] = try admin.watermarks(of: partition, timeout: .seconds(20)).high
      }
      return (try admin.clusterID(timeout: .seconds(20)), ends)
    }
  }
}
