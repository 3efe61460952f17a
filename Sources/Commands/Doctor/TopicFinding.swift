package import KafkaIO
package import LearningEvents

/// What `lectern doctor` says of a topic.
package struct TopicFinding {
  let subject: String
  let topic: TopicName
  let partitions: Int
  /// Nil where Kafka does not tell.
  let settings: TopicSettings?

  /// Those of the frame topic, for the control topic, which must not forget a consent before the frames it covers.
  let frames: TopicSettings?

  /// What a frame of the largest picture that is taken needs, and its headers.
  private static let frameBytes = 8 << 20 + 64 << 10
  /// No worker takes a frame that is older.
  private static let frameLifetime = Duration.seconds(14 * 86_400)
  /// Whoever asks for an erasure is answered within a month.
  private static let controlLifetime = Duration.seconds(31 * 86_400)

  package init(
    subject: String, topic: TopicName, partitions: Int, settings: TopicSettings?, frames: TopicSettings? = nil
  ) {
    (self.subject, self.topic, self.partitions, self.settings) = (subject, topic, partitions, settings)
    self.frames = frames
  }

  private var isOfFrames: Bool { subject == "frame topic" }

  package var finding: Finding {
    let base = "\(topic), \(partitions) partition\(partitions == 1 ? "" : "s")"
    guard let settings else {
      return .warning(
        subject, "\(base); Kafka does not tell its settings",
        remedy: "let this user describe the topic's configuration (DescribeConfigs)")
    }
    let kept = settings.lifetime.map { "kept for up to \(Self.days($0))" } ?? "kept for ever"
    let problems = problems(of: settings)
    guard !problems.isEmpty else { return .good(subject, "\(base), \(kept)") }
    return .warning(
      subject, (["\(base), \(kept)"] + problems.map(\.detail)).joined(separator: "; "),
      remedy: "set " + problems.map(\.remedy).joined(separator: ", "))
  }

  private func problems(of settings: TopicSettings) -> [(detail: String, remedy: String)] {
    var problems: [(String, String)] = []
    let recommended = isOfFrames ? TopicSettings.recommendedForFrames : TopicSettings.recommendedForControl
    func setting(_ name: String) -> String { "\(name)=\(recommended[name, default: ""])" }
    if settings.isCompacted {
      problems.append(
        ("compacted: \(isOfFrames ? "frames" : "events") that nobody has read are deleted", setting("cleanup.policy")))
    }
    if isTooLong(settings.lifetime) {
      let what =
        isOfFrames
        ? "pictures stay longer than the 14 days in which workers take them"
        : "learners' ids stay longer than a month, those of erased learners too"
      problems.append((what, "\(setting("retention.ms")) and \(setting("segment.ms"))"))
    } else if !isOfFrames, let retention = settings.retention, let frames = frames?.retention, retention < frames {
      problems.append(
        (
          "consents go before the frames that they cover: a restored database could not be told of them",
          setting("retention.ms")
        ))
    }
    if settings.trustsProducersClocks {
      problems.append(
        ("a producer whose clock is ahead keeps records longer", "message.timestamp.type=LogAppendTime"))
    }
    if isOfFrames, let bytes = settings.largestMessageBytes, bytes < Self.frameBytes {
      problems.append(
        ("records of up to \(bytes) bytes: larger pictures become errors in the LMS", setting("max.message.bytes")))
    }
    return problems
  }

  private func isTooLong(_ lifetime: Duration?) -> Bool {
    guard let lifetime else { return true }
    return lifetime > (isOfFrames ? Self.frameLifetime : Self.controlLifetime)
  }

  private static func days(_ duration: Duration) -> String {
    let days = (duration.components.seconds + 86_399) / 86_400
    return days == 1 ? "1 day" : "\(days) days"
  }
}
