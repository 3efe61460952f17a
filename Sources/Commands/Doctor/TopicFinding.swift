package import KafkaIO
package import LearningEvents

/// What `lectern doctor` says of a topic.
package struct TopicFinding {
  let subject: String
  let topic: TopicName
  let partitions: Int
  /// Nil where Kafka does not tell.
  let settings: TopicSettings?

  /// What a frame of the largest picture that is taken needs, and its headers.
  private static let frameBytes = 8 << 20 + 64 << 10

  package init(subject: String, topic: TopicName, partitions: Int, settings: TopicSettings?) {
    (self.subject, self.topic, self.partitions, self.settings) = (subject, topic, partitions, settings)
  }

  private var isOfFrames: Bool { subject == "frame topic" }

  package var finding: Finding {
    let base = "\(topic), \(partitions) partition\(partitions == 1 ? "" : "s")"
    guard let settings else {
      return .warning(
        subject, "\(base); Kafka does not tell its settings",
        remedy: "let this user describe the topic's configuration (DescribeConfigs)")
    }
    let days = settings.retention.map { "\($0.components.seconds / 86_400) days" } ?? "for ever"
    let detail = "\(base), kept \(days)"
    if settings.isCompacted {
      return .warning(
        subject, "\(detail), compacted: \(isOfFrames ? "frames" : "events") that nobody has read are deleted",
        remedy: "set cleanup.policy=delete")
    }
    if !isOfFrames, settings.retention != nil {
      return .warning(
        subject, "\(detail): a new database could not be told of older courses and consent",
        remedy: "set retention.ms=-1")
    }
    if isOfFrames, let bytes = settings.largestMessageBytes, bytes < Self.frameBytes {
      return .warning(
        subject, "\(detail), records of up to \(bytes) bytes: larger pictures become errors in the LMS",
        remedy: "set max.message.bytes=16777216")
    }
    return .good(subject, detail)
  }
}
