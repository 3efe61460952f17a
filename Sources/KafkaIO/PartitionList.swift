import CKafka
import LearningEvents

/// The sole owner of a list of partitions in librdkafka's form.
struct PartitionList: ~Copyable {
  private let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

  /// A list without offsets (`RD_KAFKA_OFFSET_INVALID`).
  init(_ partitions: some Collection<TopicPartition>) {
    self.init(offsets: partitions.map { ($0, Int64(RD_KAFKA_OFFSET_INVALID)) })
  }

  init(offsets: some Collection<(TopicPartition, Int64)>) {
    pointer = rd_kafka_topic_partition_list_new(Int32(offsets.count))
    for (partition, offset) in offsets {
      rd_kafka_topic_partition_list_add(pointer, partition.topic.text, partition.partition)!.pointee.offset = offset
    }
  }

  init(adopting pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) { self.pointer = pointer }

  deinit { rd_kafka_topic_partition_list_destroy(pointer) }

  /// Throws the first error that librdkafka noted at one of the entries.
  func checkEach(while operation: String) throws(KafkaError) {
    defer { withExtendedLifetime(self) {} }
    for entry in UnsafeBufferPointer(start: pointer.pointee.elems, count: Int(pointer.pointee.cnt))
    where entry.err != RD_KAFKA_RESP_ERR_NO_ERROR {
      throw KafkaError(
        entry.err, while: operation,
        topicPartition: TopicPartition(topic: TopicName(String(cString: entry.topic)), partition: entry.partition))
    }
  }

  /// Lends the list to one call of librdkafka, which copies it.
  func withPointer<Result>(_ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> Result) -> Result {
    defer { withExtendedLifetime(self) {} }
    return body(pointer)
  }

  /// The partitions in it, in order.
  var partitions: [TopicPartition] { withExtendedLifetime(self) { Self.partitions(of: pointer) } }

  /// A copy of a lent list's partitions.
  static func partitions(of list: UnsafePointer<rd_kafka_topic_partition_list_t>) -> [TopicPartition] {
    UnsafeBufferPointer(start: list.pointee.elems, count: Int(list.pointee.cnt)).map {
      TopicPartition(topic: TopicName(String(cString: $0.topic)), partition: $0.partition)
    }
  }
}
