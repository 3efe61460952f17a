/// What matters to Lectern of a topic's settings.
package struct TopicSettings: Sendable, Equatable {
  /// Whether Kafka deletes records that are followed by one of the same key.
  package let isCompacted: Bool
  /// How long Kafka keeps a record at least; nil for ever, or if the broker does not say.
  package let retention: Duration?
  /// How long Kafka appends to one file of a log. Records go by whole files, once the youngest is old enough.
  package let segmentAge: Duration
  /// Whether a record's age is counted from a time that its producer chose, however far ahead.
  package let trustsProducersClocks: Bool
  /// How large a record may be, in bytes; nil if the broker does not say.
  package let largestMessageBytes: Int?

  /// Kafka's own default of `segment.ms`: seven days.
  private static let defaultSegmentAge = Duration.seconds(604_800)
  /// A record from further ahead than this is one that outlives its time.
  private static let largestClockError = Duration.seconds(86_400)

  /// - Parameter settings: by name, as brokers give them.
  package init(_ settings: [String: String]) {
    func milliseconds(_ name: String) -> Duration? { settings[name].flatMap { Int64($0) }.map { .milliseconds($0) } }
    let policies = settings["cleanup.policy", default: ""].split(separator: ",")
    isCompacted = policies.contains { $0.drop { $0 == " " } == "compact" }
    retention = milliseconds("retention.ms").flatMap { $0 < .zero ? nil : $0 }
    segmentAge = milliseconds("segment.ms") ?? Self.defaultSegmentAge
    trustsProducersClocks =
      settings["message.timestamp.type"] == "CreateTime"
      && milliseconds("message.timestamp.after.max.ms").map { $0 > Self.largestClockError } ?? true
    largestMessageBytes = settings["max.message.bytes"].flatMap { Int($0) }
  }

  /// How long Kafka keeps a record at most, but for the minutes between two looks of the broker; nil for ever.
  package var lifetime: Duration? { retention.map { $0 + segmentAge } }
}

extension TopicSettings {
  /// What the frame topic is recommended to have: a picture is there for three days, and gone after four.
  package static let recommendedForFrames = [
    "cleanup.policy": "delete", "retention.ms": "259200000", "segment.ms": "86400000", "max.message.bytes": "16777216",
  ]

  /// What the control topic is recommended to have: a learner's id is gone within a month.
  package static let recommendedForControl = [
    "cleanup.policy": "delete", "retention.ms": "2419200000", "segment.ms": "86400000",
  ]
}
