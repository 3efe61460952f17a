package import KafkaIO
package import LearningEvents

/// What the poll thread hands over of one partition.
package enum PartitionEntry: Sendable {
  case record(KafkaRecord, receivedAt: EventTime)
  /// The log ended here for now: offsets before it without a record carry none.
  case end(offset: Int64)
  /// Look at the ledger again: the database may be another one. Carries nothing.
  case nudge
  /// The log no longer holds what comes next: claim again, which parks the partition.
  case outOfLog

  var isOutOfLog: Bool {
    if case .outOfLog = self { true } else { false }
  }

  var offset: Int64 {
    switch self {
    case .record(let record, _): record.offset
    case .end(let offset): offset
    case .nudge, .outOfLog: .max
    }
  }
}
