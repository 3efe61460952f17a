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

  var isOutOfLog: Bool {
    if case .outOfLog = self { true } else { false }
  }
}
