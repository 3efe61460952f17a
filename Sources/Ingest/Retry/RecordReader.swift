import KafkaIO
import LearningEvents
import Persistence
import Services
import Telemetry

/// Reads rejected records again, one by one, on a thread of its own.
actor RecordReader {
  nonisolated let executor = ThreadExecutor(name: "kafka-records")
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  private let reader: KafkaReader
  private static let deadline = Duration.seconds(10)

  init(settings: KafkaSettings, logger: Logger) throws(KafkaError) {
    reader = try KafkaReader(settings: settings, logger: logger)
  }

  /// The record that was rejected; nil if the log holds it no more, or another one in its place.
  func record(_ reject: RejectToJudge, in partition: TopicPartition) throws(KafkaError) -> KafkaRecord? {
    guard let record = try reader.record(at: partition, offset: reject.offset, timeout: Self.deadline) else {
      return nil
    }
    // A reject that was found while storing has no time to compare.
    if let time = reject.recordTimestamp, LastRecord(record).timestamp != time { return nil }
    return record
  }
}
