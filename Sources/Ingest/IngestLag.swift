package import KafkaIO
package import LearningEvents

/// How far the ledgers of partitions are behind their logs: takes what was seen of each, tells how many records wait
/// and since when. Pure: each observation carries its time.
package struct IngestLag: Sendable {
  private struct Partition {
    var records: Int64 = 0
    /// When the record that waits first was written; nil if none waits.
    var waitingSince: EventTime?
    /// When nothing was seen to wait: what waits now is no older.
    var emptyAt: EventTime?
  }

  private var partitions: [TopicPartition: Partition] = [:]

  package init() {}

  /// Takes what one look at a partition found.
  ///
  /// - Parameters:
  ///   - records: between the ledger's next offset and the log's end.
  ///   - writtenAt: the time that the first of them carries, which a producer may have set to anything; nil where it is
  ///     not known.
  package mutating func take(_ place: TopicPartition, records: Int64, writtenAt: EventTime?, at now: EventTime) {
    var partition = partitions[place] ?? Partition()
    partition.records = max(0, records)
    if partition.records == 0 {
      (partition.waitingSince, partition.emptyAt) = (nil, now)
    } else {
      // Of a record whose time nobody knows it counts since when it was seen to wait.
      let bound = partition.emptyAt ?? writtenAt ?? partition.waitingSince ?? now
      partition.waitingSince = min(max(writtenAt ?? bound, bound), now)
    }
    partitions[place] = partition
  }

  /// Forgets partitions that others hold now.
  package mutating func keep(_ held: Set<TopicPartition>) {
    partitions = partitions.filter { held.contains($0.key) }
  }

  /// Records of a topic that wait, over its partitions; nil before any of them was looked at.
  package func records(of topic: TopicName) -> Int64? {
    let own = partitions.filter { $0.key.topic == topic }
    return own.isEmpty ? nil : own.reduce(0) { $0 + $1.value.records }
  }

  /// How long the oldest record of a topic that waits has waited, in seconds; 0 if none waits, nil before any of its
  /// partitions was looked at. It goes on growing while Kafka or PostgreSQL does not answer.
  package func seconds(of topic: TopicName, at now: EventTime) -> Double? {
    let own = partitions.filter { $0.key.topic == topic }
    guard !own.isEmpty else { return nil }
    let oldest = own.compactMap(\.value.waitingSince).min()
    return oldest.map { max(0, Double(now.microseconds - $0.microseconds) / 1e6) } ?? 0
  }
}
