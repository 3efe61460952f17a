package import KafkaIO
package import LearningEvents

/// A record, and when this worker first held it.
typealias ReceivedRecord = (record: KafkaRecord, receivedAt: EventTime)

/// What the poll thread hands over of one partition.
package enum PartitionEntry: Sendable {
  case record(KafkaRecord, receivedAt: EventTime)
  /// The log ended here for now: offsets before it without a record carry none.
  case end(offset: Int64)
  /// Look at the ledger again: the database may be another one. Carries nothing.
  case nudge
  /// The log no longer holds what comes next: claim again, which parks the partition.
  case outOfLog

  /// The records of a batch that are not stored yet, and the log's end where it was reached.
  static func records(
    of entries: ArraySlice<PartitionEntry>, from nextOffset: Int64
  ) -> (records: [ReceivedRecord], end: Int64?) {
    var records: [ReceivedRecord] = []
    var end: Int64?
    for entry in entries {
      switch entry {
      case .record(let record, let receivedAt):
        // Else fetched before a rewind and stored since.
        if record.offset >= nextOffset { records.append((record, receivedAt)) }
      case .end(let offset): end = offset
      case .nudge, .outOfLog: break
      }
    }
    return (records, end)
  }

  /// Whether the records of a batch come in the order of their offsets, each once. While leaders move, librdkafka 2.0
  /// now and then delivers what it has delivered before behind later records.
  static func isInOrder(_ entries: [PartitionEntry]) -> Bool {
    isInOrder(
      entries.lazy.compactMap { entry in
        if case .record(let record, _) = entry { record.offset } else { nil }
      })
  }

  /// The same of offsets.
  package static func isInOrder(_ offsets: some Sequence<Int64>) -> Bool {
    var last: Int64 = -1
    for offset in offsets {
      guard offset > last else { return false }
      last = offset
    }
    return true
  }

  var isOutOfLog: Bool {
    if case .outOfLog = self { true } else { false }
  }
}
