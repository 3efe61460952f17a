package import Persistence

/// What a partition's log holds at some moment: its ends, and the records at the offsets that were asked for.
package struct LogContents: Sendable, Equatable {
  /// The first offset the log still holds, and the one its next record gets.
  package let low: Int64
  package let high: Int64
  /// Nothing for an offset that holds no record: below `low`, compacted, a transaction's marker.
  package let records: [Int64: LastRecord]

  package init(low: Int64, high: Int64, records: [Int64: LastRecord]) {
    (self.low, self.high, self.records) = (low, high, records)
  }
}

/// Whether records in hand and the ones stored before them are of one log.
///
/// A log can become another one under a running worker: a leader that lost its tail is elected, a broker comes back
/// without what it had not flushed, a topic is made again. Offsets then go on as if nothing had been, and what the new
/// log holds below them would never be read. So the log is asked after a batch was fetched and before it is stored,
/// wherever it may have changed (`LogSuspicion`).
package enum LogChain: Sendable, Equatable {
  /// The log still holds the record stored last, and the batch behind it.
  case whole
  /// The log holds the record stored last, but no longer this batch: it is to be read again.
  case batchIsStale
  /// The log is not the one that was stored from.
  case broken(ParkReason)

  /// - Parameters:
  ///   - stored: the record the ledger stored last; nil if it has stored none.
  ///   - nextOffset: where the ledger stands.
  ///   - batch: records that were fetched before the log was asked, from `nextOffset` on.
  ///   - end: the offset that the ledger is to reach.
  ///   - contents: at the offsets of `stored` and `batch`.
  package init(
    after stored: LastRecord?, nextOffset: Int64, batch: [LastRecord], reaching end: Int64, in contents: LogContents
  ) {
    if contents.high < nextOffset {
      self = .broken(.logIsShorter(nextOffset: nextOffset, highWatermark: contents.high))
    } else if let stored, let found = contents.records[stored.offset], found != stored {
      self = .broken(.lastRecordDiffers(offset: stored.offset))
    } else if contents.high < end
      || batch.contains(where: { $0.offset >= contents.low && contents.records[$0.offset] != $0 })
    {
      self = .batchIsStale
    } else {
      self = .whole
    }
  }
}
