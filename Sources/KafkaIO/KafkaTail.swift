import CKafka
package import LearningEvents
package import Telemetry

/// Reads the partitions of one topic as records pass, without a consumer group: nothing is joined, assigned or
/// committed, so that nobody else notices. One thread at a time; `next` blocks.
package struct KafkaTail: ~Copyable {
  /// Where in the log to begin.
  package enum Start: Sendable, Equatable {
    /// With what comes from now on.
    case end
    /// With the first record the log still holds.
    case beginning
    /// With the first record of that time or later, in milliseconds since 1970.
    case time(milliseconds: Int64)
  }

  private let handle: KafkaHandle
  private let topicName: TopicName
  private let topic: OpaquePointer
  private let queue: OpaquePointer
  private let partitions: [Int32]

  private init(
    adopting topic: OpaquePointer, queue: OpaquePointer, handle: KafkaHandle, topicName: TopicName, partitions: [Int32]
  ) {
    (self.topic, self.queue, self.handle) = (topic, queue, handle)
    (self.topicName, self.partitions) = (topicName, partitions)
  }

  deinit {
    for partition in partitions { rd_kafka_consume_stop(topic, partition) }
    rd_kafka_queue_destroy(queue)
    rd_kafka_topic_destroy(topic)
  }

  /// Begins to read. Blocks up to `timeout` to find the partitions, and again to find a time in them.
  ///
  /// - Parameter partition: the only one to read; nil reads all there are now.
  /// - Throws: code `unknownTopic` or `unknownPartition` where there is no such log.
  package static func open(
    topic name: TopicName, partition: Int32? = nil, from start: Start, settings: KafkaSettings, timeout: Duration,
    logger: Logger
  ) throws(KafkaError) -> KafkaTail {
    let handle = try KafkaHandle.make(
      RD_KAFKA_CONSUMER, settings,
      overrides: [
        "enable.auto.commit": "false", "enable.partition.eof": "false", "auto.offset.reset": "earliest",
        // A person reads along: no need to hold much.
        "queued.max.messages.kbytes": "16384", "queued.min.messages": "100",
      ], logger: logger)
    guard let count = try handle.partitionCount(of: name, timeout: timeout) else {
      throw KafkaError(.unknownTopic, while: "reading \(name)")
    }
    let partitions = partition.map { [$0] } ?? Array(0..<Int32(count))
    guard partitions.allSatisfy({ (0..<Int32(count)).contains($0) }) else {
      throw KafkaError(.unknownPartition, while: "reading \(name), which has \(count) partitions")
    }
    let offsets = try offsets(of: name, partitions, from: start, handle, timeout: timeout)
    guard let topic = rd_kafka_topic_new(handle.client, name.text, nil), let queue = rd_kafka_queue_new(handle.client)
    else {
      throw KafkaError(rd_kafka_last_error(), while: "reading \(name)")
    }
    let tail = KafkaTail(
      adopting: topic, queue: queue, handle: handle, topicName: name, partitions: partitions)
    for (number, offset) in zip(partitions, offsets) {
      guard rd_kafka_consume_start_queue(topic, number, offset, queue) == 0 else {
        throw KafkaError(rd_kafka_last_error(), while: "reading \(name)")
      }
    }
    return tail
  }

  /// The next record of any partition; nil if none came in time. Within a partition they come in order.
  package func next(timeout: Duration) throws(KafkaError) -> KafkaRecord? {
    guard let message = rd_kafka_consume_queue(queue, timeout.cMilliseconds) else { return nil }
    let code = message.pointee.err
    if code == RD_KAFKA_RESP_ERR_NO_ERROR {
      return KafkaRecord(adopting: message, topic: topicName, handle: handle)
    }
    rd_kafka_message_destroy(message)
    let error = KafkaError(code, while: "reading \(topicName)")
    // What librdkafka tells beside records and goes on from by itself.
    if error.isRetryable || code == RD_KAFKA_RESP_ERR__PARTITION_EOF { return nil }
    throw error
  }

  private static func offsets(
    of topic: TopicName, _ partitions: [Int32], from start: Start, _ handle: KafkaHandle, timeout: Duration
  ) throws(KafkaError) -> [Int64] {
    switch start {
    case .end: return partitions.map { _ in Int64(RD_KAFKA_OFFSET_END) }
    case .beginning: return partitions.map { _ in Int64(RD_KAFKA_OFFSET_BEGINNING) }
    case .time(let milliseconds):
      let list = PartitionList(
        offsets: partitions.map { (TopicPartition(topic: topic, partition: $0), milliseconds) })
      let code = list.withPointer { rd_kafka_offsets_for_times(handle.client, $0, timeout.cMilliseconds) }
      guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, while: "looking for a time in \(topic)") }
      try list.checkEach(while: "looking for a time in \(topic)")
      // Later than every record is answered with the end.
      return list.withPointer { pointer in
        UnsafeBufferPointer(start: pointer.pointee.elems, count: Int(pointer.pointee.cnt)).map {
          $0.offset < 0 ? Int64(RD_KAFKA_OFFSET_END) : $0.offset
        }
      }
    }
  }
}
