package import LearningEvents

/// One partition of one topic.
package struct TopicPartition: Sendable, Hashable, Comparable, CustomStringConvertible {
  package var topic: TopicName
  package var partition: Int32

  package init(topic: TopicName, partition: Int32) { (self.topic, self.partition) = (topic, partition) }

  package static func < (a: TopicPartition, b: TopicPartition) -> Bool {
    (a.topic, a.partition) < (b.topic, b.partition)
  }

  /// `lectern.frames.v1[3]`.
  package var description: String { "\(topic)[\(partition)]" }
}
