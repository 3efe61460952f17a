import Configuration
package import LearningEvents

/// Which LMSs may speak on which topic.
///
/// Kafka knows who produced a record only by its access lists, and a record says itself whose it is: whoever may
/// produce may be any LMS. Where several share a cluster, each has topics of its own, and this list ties them to it.
package struct EventSources: Sendable, Equatable {
  /// Any LMS on any topic.
  package static let all = EventSources(everywhere: [], byTopic: [:], isLimited: false)

  static let refusal = EventError("ce_source", "not among those that LECTERN_KAFKA_SOURCES allows on this topic")

  private let everywhere: Set<SourceID>
  private let byTopic: [TopicName: Set<SourceID>]
  private let isLimited: Bool

  private init(everywhere: Set<SourceID>, byTopic: [TopicName: Set<SourceID>], isLimited: Bool) {
    (self.everywhere, self.byTopic, self.isLimited) = (everywhere, byTopic, isLimited)
  }

  /// The LMSs of a topic; nil is any. Empty where there is a list that says nothing of the topic.
  package func admitted(to topic: TopicName) -> Set<SourceID>? {
    isLimited ? everywhere.union(byTopic[topic] ?? []) : nil
  }
}

/// `https://lms.example,other.frames=https://other.example`: an LMS of all topics, or of one.
extension EventSources: ConfigurationValue {
  package init?(configurationText text: String) {
    var (everywhere, byTopic): (Set<SourceID>, [TopicName: Set<SourceID>]) = ([], [:])
    for entry in text.split(separator: ",", omittingEmptySubsequences: false) {
      let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2, Self.isTopic(parts[0]) {
        guard !parts[1].isEmpty else { return nil }
        byTopic[TopicName(String(parts[0])), default: []].insert(SourceID(String(parts[1])))
      } else {
        guard !entry.isEmpty, !entry.contains(" ") else { return nil }
        everywhere.insert(SourceID(String(entry)))
      }
    }
    self.init(everywhere: everywhere, byTopic: byTopic, isLimited: true)
  }

  package var configurationText: String {
    let entries = byTopic.flatMap { topic, sources in sources.map { "\(topic.text)=\($0.text)" } }
    return (everywhere.map(\.text) + entries).sorted().joined(separator: ",")
  }

  package static var configurationExpectation: String { "SOURCE or TOPIC=SOURCE, several separated by commas" }

  private static func isTopic(_ text: Substring) -> Bool {
    (1...249).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }
}
