import CKafka
import LearningEvents
package import Telemetry

/// Reads single records by offset, without a consumer group. One thread at a time; blocks.
package struct KafkaReader {
  private let handle: KafkaHandle

  /// - Parameter readsAhead: true for `records`, which goes on from record to record; else no more is fetched than is
  ///   asked for.
  package init(settings: KafkaSettings, readsAhead: Bool = false, logger: Logger) throws(KafkaError) {
    // While the queue holds `queued.min.messages` librdkafka lets a partition rest for up to a second.
    let bytes = readsAhead ? "queued.max.messages.kbytes" : "fetch.message.max.bytes"
    handle = try KafkaHandle.make(
      RD_KAFKA_CONSUMER, settings,
      overrides: [
        "enable.partition.eof": "true", "auto.offset.reset": "error", "fetch.wait.max.ms": "10",
        "queued.min.messages": readsAhead ? "1000" : "1", bytes: readsAhead ? "32768" : "65536",
        "enable.auto.commit": "false",
      ], logger: logger)
  }

  /// Hands over the records at these offsets, which ascend, until `take` returns false; offsets without a record are
  /// passed over. Reads everything in between, so they should lie close together. Blocks up to `timeout` for each
  /// record.
  ///
  /// - Returns: how many of the offsets are settled: handed over, or without a record. Fewer than all if `take` had
  ///   enough, or if the log begins behind the first of them, which then counts as settled alone.
  package func records(
    at partition: TopicPartition, offsets: some RandomAccessCollection<Int64>, timeout: Duration,
    _ take: (KafkaRecord) -> Bool
  ) throws(KafkaError) -> Int {
    try read("reading records", partition, Array(offsets), timeout, take)
  }

  /// The record at exactly this offset, nil if the log has none there. Blocks up to `timeout`.
  package func record(
    at partition: TopicPartition, offset: Int64, timeout: Duration
  ) throws(KafkaError) -> KafkaRecord? {
    var found: KafkaRecord?
    _ = try read("reading a record", partition, [offset], timeout) { record in
      found = record
      return false
    }
    return found
  }

  /// How long a record is waited for before the connection is woken.
  private static let patience = Duration.milliseconds(10)

  private func read(
    _ operation: String, _ partition: TopicPartition, _ wanted: [Int64], _ timeout: Duration,
    _ take: (KafkaRecord) -> Bool
  ) throws(KafkaError) -> Int {
    guard let first = wanted.first else { return 0 }
    guard let topic = rd_kafka_topic_new(handle.client, partition.topic.text, nil) else {
      throw KafkaError(rd_kafka_last_error(), while: operation, topicPartition: partition)
    }
    defer { rd_kafka_topic_destroy(topic) }
    guard rd_kafka_consume_start(topic, partition.partition, first) == 0 else {
      throw KafkaError(rd_kafka_last_error(), while: operation, topicPartition: partition)
    }
    defer { rd_kafka_consume_stop(topic, partition.partition) }
    var settled = 0
    let clock = ContinuousClock()
    var deadline = clock.now + timeout
    while clock.now < deadline {
      let rest = max(.zero, min(deadline - clock.now, Self.patience)).cMilliseconds
      guard let message = rd_kafka_consume(topic, partition.partition, rest) else {
        // The connection may rest for up to a second though a partition was just started: a request wakes it.
        _ = try? handle.watermarks(of: partition, timeout: max(.zero, deadline - clock.now))
        continue
      }
      switch message.pointee.err {
      case RD_KAFKA_RESP_ERR_NO_ERROR:
        deadline = clock.now + timeout
        let record = KafkaRecord(adopting: message, topic: partition.topic, handle: handle)
        while settled < wanted.count, wanted[settled] < record.offset { settled += 1 }
        if settled < wanted.count, wanted[settled] == record.offset {
          settled += 1
          if !take(record) { return settled }
        }
        if settled == wanted.count { return settled }
      case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        rd_kafka_message_destroy(message)
        return wanted.count
      case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        rd_kafka_message_destroy(message)
        return max(settled, 1)
      case let code:
        rd_kafka_message_destroy(message)
        let error = KafkaError(code, while: operation, topicPartition: partition)
        guard error.isRetryable else { throw error }
      }
    }
    throw KafkaError(.timedOut, while: operation, topicPartition: partition)
  }
}
