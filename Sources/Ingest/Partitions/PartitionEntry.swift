package import KafkaIO
package import LearningEvents

/// What the poll thread hands over of one partition.
package enum PartitionEntry: Sendable {
  case record(KafkaRecord, receivedAt: EventTime)
  /// The log ended here for now: offsets before it without a record carry none.
  case end(offset: Int64)

  var offset: Int64 {
    switch self {
    case .record(let record, _): record.offset
    case .end(let offset): offset
    }
  }
}
