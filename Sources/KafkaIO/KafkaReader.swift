import CKafka
package import Telemetry

/// Reads single records by offset, without a consumer group. One thread at a time; blocks.
package struct KafkaReader: ~Copyable {
  private let handle: KafkaHandle

  package init(settings: KafkaSettings, logger: Logger) throws(KafkaError) {
    handle = try KafkaHandle.make(
      RD_KAFKA_CONSUMER, settings,
      overrides: [
        "enable.partition.eof": "true", "auto.offset.reset": "error", "fetch.wait.max.ms": "10",
        // One record is wanted: do not fetch the rest of the partition.
        "queued.min.messages": "1", "fetch.message.max.bytes": "65536", "enable.auto.commit": "false",
      ], logger: logger)
  }

  /// The record at exactly this offset, nil if the log has none there. Blocks up to `timeout`.
  package func record(
    at partition: TopicPartition, offset: Int64, timeout: Duration
  ) throws(KafkaError) -> KafkaRecord? {
    guard let topic = rd_kafka_topic_new(handle.client, partition.topic, nil) else {
      throw KafkaError(rd_kafka_last_error(), while: "reading a record", topicPartition: partition)
    }
    defer { rd_kafka_topic_destroy(topic) }
    guard rd_kafka_consume_start(topic, partition.partition, offset) == 0 else {
      throw KafkaError(rd_kafka_last_error(), while: "reading a record", topicPartition: partition)
    }
    defer { rd_kafka_consume_stop(topic, partition.partition) }
    let clock = ContinuousClock()
    let deadline = clock.now + timeout
    while clock.now < deadline {
      let rest = max(.zero, deadline - clock.now).cMilliseconds
      guard let message = rd_kafka_consume(topic, partition.partition, rest) else { continue }
      switch message.pointee.err {
      case RD_KAFKA_RESP_ERR_NO_ERROR:
        let record = KafkaRecord(adopting: message, topic: partition.topic, handle: handle)
        return record.offset == offset ? record : nil
      case RD_KAFKA_RESP_ERR__PARTITION_EOF, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET,
        RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        rd_kafka_message_destroy(message)
        return nil
      case let code:
        rd_kafka_message_destroy(message)
        let error = KafkaError(code, while: "reading a record", topicPartition: partition)
        guard error.isRetryable else { throw error }
      }
    }
    throw KafkaError(.timedOut, while: "reading a record", topicPartition: partition)
  }
}
