/// What matters to Lectern of a topic's settings.
package struct TopicSettings: Sendable, Equatable {
  /// Whether Kafka deletes records that are followed by one of the same key.
  package let isCompacted: Bool
  /// How long Kafka keeps a record; nil for ever, or if the broker does not say.
  package let retention: Duration?
  /// How large a record may be, in bytes; nil if the broker does not say.
  package let largestMessageBytes: Int?

  /// - Parameter settings: by name, as brokers give them.
  package init(_ settings: [String: String]) {
    let policies = settings["cleanup.policy", default: ""].split(separator: ",")
    isCompacted = policies.contains { $0.drop { $0 == " " } == "compact" }
    let milliseconds = settings["retention.ms"].flatMap { Int64($0) }
    retention = milliseconds.flatMap { $0 < 0 ? nil : .milliseconds($0) }
    largestMessageBytes = settings["max.message.bytes"].flatMap { Int($0) }
  }
}
