/// Why one partition stands still until an operator decides. The others go on.
package enum ParkReason: Sendable, Equatable, CustomStringConvertible {
  /// Retention removed records that were never stored.
  case retentionPassed(nextOffset: Int64, lowWatermark: Int64)
  /// The log ends before the ledger: the topic was recreated, or restored.
  case logIsShorter(nextOffset: Int64, highWatermark: Int64)
  /// The cluster has no such partition: the topic was deleted, or made again with fewer.
  case logIsGone(nextOffset: Int64)
  /// The record at the ledger's last offset is another one: the topic was recreated.
  case lastRecordDiffers(offset: Int64)

  /// Compares a claim with the log's watermarks.
  package init?(nextOffset: Int64, lowWatermark: Int64, highWatermark: Int64) {
    if lowWatermark > nextOffset {
      self = .retentionPassed(nextOffset: nextOffset, lowWatermark: lowWatermark)
    } else if highWatermark < nextOffset {
      self = .logIsShorter(nextOffset: nextOffset, highWatermark: highWatermark)
    } else {
      return nil
    }
  }

  package var description: String {
    switch self {
    case .retentionPassed(let next, let low):
      "offsets \(next)..<\(low) were removed by retention before they were stored; see 'lectern ledger accept-gap'"
    case .logIsShorter(let next, let high):
      "the log ends at \(high), before the ledger's offset \(next): was the topic recreated? See 'lectern ledger new-incarnation'"
    case .logIsGone(let next):
      "the cluster has no such partition, of which the ledger has \(next) offsets: was the topic deleted? See 'lectern ledger new-incarnation'"
    case .lastRecordDiffers(let offset):
      "the record at offset \(offset) is not the one last stored: was the topic recreated? See 'lectern ledger new-incarnation'"
    }
  }
}
