import KafkaIO
import LearningEvents
import Synchronization

/// The partitions that the group gave this worker. Any thread.
final class Assignment: Sendable {
  private let held = Mutex<Set<TopicPartition>>([])

  var partitions: Set<TopicPartition> { held.withLock(\.self) }

  func set(_ partitions: some Sequence<TopicPartition>) {
    let partitions = Set(partitions)
    held.withLock { $0 = partitions }
  }
}

extension TopicPartition {
  /// The most that `list` names: a log line is for people.
  private static let longestList = 50

  /// Partitions by topic, `lectern.control.v1[0] lectern.frames.v1[1,4,5]`; of many the first, and how many more.
  static func list(_ partitions: some Sequence<TopicPartition>) -> String {
    let all = partitions.sorted()
    let shown = all.prefix(longestList)
    let topics = Dictionary(grouping: shown, by: \.topic).sorted { $0.key < $1.key }.map { topic, places in
      "\(topic)[\(places.map { "\($0.partition)" }.joined(separator: ","))]"
    }
    let rest = all.count - shown.count
    return topics.joined(separator: " ") + (rest > 0 ? " and \(rest) more" : "")
  }
}
