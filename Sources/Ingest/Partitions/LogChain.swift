package import LearningEvents
package import Persistence

/// What a partition's log holds at some moment: its ends, and the records at the offsets that were asked for.
package struct LogContents: Sendable, Equatable {
  /// The first offset the log still holds, and the one its next record gets.
  package let low: Int64
  package let high: Int64
  /// Nothing for an offset that holds no record: below `low`, compacted, a transaction's marker.
  package let records: [Int64: RecordMark]
  /// Of its topic; nil where it was not asked for, or not told.
  package let topicID: TopicID?

  package init(low: Int64, high: Int64, records: [Int64: RecordMark], topicID: TopicID? = nil) {
    (self.low, self.high, self.records, self.topicID) = (low, high, records, topicID)
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
  ///   - stored: a record that the ledger stored, the last of them as a rule; nil if it has stored none.
  ///   - nextOffset: where the ledger stands.
  ///   - batch: records that were fetched before the log was asked, from `nextOffset` on.
  ///   - end: the offset that the ledger is to reach.
  ///   - topicID: of the topic that the ledger reads; nil if it does not know.
  ///   - contents: at the offsets of `stored` and `batch`.
  package init(
    after stored: RecordMark?, nextOffset: Int64, batch: [RecordMark], reaching end: Int64, topicID: TopicID? = nil,
    in contents: LogContents
  ) {
    // Also where nothing was read yet: the next claim parks nothing then, and takes the new id.
    if let reason = ParkReason(topicID: topicID, found: contents.topicID) {
      self = .broken(reason)
    } else if contents.high < nextOffset {
      self = .broken(.logIsShorter(nextOffset: nextOffset, highWatermark: contents.high))
    } else if let reason = ParkReason(stored: [stored].compactMap(\.self), in: contents) {
      self = .broken(reason)
    } else if contents.high < end
      || batch.contains(where: { $0.offset >= contents.low && contents.records[$0.offset]?.isSame(as: $0) != true })
    {
      self = .batchIsStale
    } else {
      self = .whole
    }
  }
}

extension ParkReason {
  /// Compares records that were stored, in the order of their offsets, with what the log holds there now. A log that
  /// lost its tail differs from some offset on, up to where another one was stored from already.
  package init?(stored: [RecordMark], in contents: LogContents) {
    var same: Int64?
    for mark in stored {
      guard let found = contents.records[mark.offset] else { continue }
      guard found.isSame(as: mark) else {
        self = .recordDiffers(offset: mark.offset, sameUpTo: same)
        return
      }
      same = mark.offset
    }
    return nil
  }
}

extension [RecordMark] {
  /// These marks, in the order of their offsets, and the record that was stored last.
  package func and(_ last: RecordMark?) -> [RecordMark] {
    guard let last else { return self }
    return filter { $0.offset < last.offset } + [last]
  }

  /// A few of them for who has no time for all: the last, and before it ever further apart ones to the first.
  package var few: [RecordMark] {
    guard count > 2 else { return self }
    var indices = [count - 1]
    var distance = 1
    while count - 1 - distance > 0 {
      indices.append(count - 1 - distance)
      distance *= 2
    }
    return [self[0]] + indices.reversed().map { self[$0] }
  }
}
