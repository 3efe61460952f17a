/// One partition of one topic.
package struct TopicPartition: Sendable, Hashable, Comparable, CustomStringConvertible {
  package var topic: String
  package var partition: Int32

  package init(_ topic: String, _ partition: Int32) { (self.topic, self.partition) = (topic, partition) }

  package static func < (a: TopicPartition, b: TopicPartition) -> Bool {
    (a.topic, a.partition) < (b.topic, b.partition)
  }

  /// `lectern.frames.v1[3]`.
  package var description: String { "\(topic)[\(partition)]" }
}

/// A place in the log.
package struct TopicPartitionOffset: Sendable, Hashable {
  package var topicPartition: TopicPartition
  package var offset: Int64

  package init(_ topicPartition: TopicPartition, offset: Int64) {
    (self.topicPartition, self.offset) = (topicPartition, offset)
  }
}
