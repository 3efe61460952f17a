package import LearningEvents
package import Persistence

/// Where a claimed partition stands in its ledger: the fence every store goes through.
package struct LedgerCursor: Sendable, Equatable {
  package let ledgerID: Int32
  package let epoch: Int64
  /// The first offset that is not stored yet.
  package private(set) var nextOffset: Int64
  /// The record stored last; nil if none was.
  package private(set) var last: RecordMark?
  /// Of the topic that the ledger reads, where it is known.
  package let topicID: TopicID?

  package init(ledgerID: Int32, epoch: Int64, nextOffset: Int64, last: RecordMark? = nil, topicID: TopicID? = nil) {
    self.ledgerID = ledgerID
    self.epoch = epoch
    self.nextOffset = nextOffset
    (self.last, self.topicID) = (last, topicID)
  }

  /// Moves behind a step that was stored.
  mutating func follow(_ step: LedgerStep) {
    nextOffset = step.nextOffset
    last = step.last ?? last
  }

  /// Moves to where the ledger was found.
  mutating func move(to ledger: LedgerState) {
    nextOffset = ledger.nextOffset
    last = ledger.last
  }

  /// The step from here over records at these offsets, which ascend, up to the log's end where it was reached. Offsets
  /// in between that carry no record (transaction markers, what compaction removed) count as skipped.
  ///
  /// - Parameter last: what the ledger keeps of the last of them; nil if there is none.
  package func step(
    over offsets: some Collection<Int64>, last: RecordMark?, reaching end: Int64? = nil
  ) -> LedgerStep {
    var next = nextOffset
    for offset in offsets {
      precondition(offset >= next, "records of a partition arrive in the order of their offsets")
      next = offset + 1
    }
    precondition((last?.offset ?? next - 1) == next - 1, "the last record is the one of the highest offset")
    if let end { next = max(next, end) }
    return LedgerStep(
      ledgerID: ledgerID, epoch: epoch, expectedOffset: nextOffset, nextOffset: next,
      skipped: next - nextOffset - Int64(offsets.count), last: last)
  }
}

/// What a fenced store (`LF001`) turns out to mean once the ledger's row is read.
package enum FenceOutcome: Sendable, Equatable {
  /// Another worker claimed the partition: drop what is held and claim again while still assigned.
  case claimedElsewhere
  /// The store had been committed though its answer was lost: go on from there.
  case alreadyStored(nextOffset: Int64)
  /// The database went back to an older state: read that part of the log again.
  case databaseWentBack(nextOffset: Int64)
  /// The database went back to before this claim was made.
  case databaseWentBackBeforeClaim
  /// The ledger stands where it was expected: what was fenced is over, try again.
  case unchanged

  /// Compares the row with what the store expected; a missing row or an older epoch means that the database
  /// went back further than the claim.
  package init(row: LedgerState?, cursor: LedgerCursor) {
    guard let row, row.epoch >= cursor.epoch else {
      self = .databaseWentBackBeforeClaim
      return
    }
    guard row.epoch == cursor.epoch else {
      self = .claimedElsewhere
      return
    }
    if row.nextOffset > cursor.nextOffset {
      self = .alreadyStored(nextOffset: row.nextOffset)
    } else if row.nextOffset < cursor.nextOffset {
      self = .databaseWentBack(nextOffset: row.nextOffset)
    } else {
      self = .unchanged
    }
  }
}

/// Why one partition stands still until an operator decides. The others go on.
package enum ParkReason: Sendable, Equatable, CustomStringConvertible {
  /// Retention removed records that were never stored.
  case retentionPassed(nextOffset: Int64, lowWatermark: Int64)
  /// The log ends before the ledger: the topic was recreated, or restored.
  case logIsShorter(nextOffset: Int64, highWatermark: Int64)
  /// The cluster has no such partition: the topic was deleted, or made again with fewer.
  case logIsGone(nextOffset: Int64)
  /// The log holds another record where one was stored from: the topic was recreated, or the log lost its tail.
  ///
  /// - Parameter sameUpTo: the last record known to be in both; nil if none is.
  case recordDiffers(offset: Int64, sameUpTo: Int64?)

  /// The topic is another one under the same name, by Kafka's own id.
  case topicIsAnother

  /// Compares the topic's id with the one that the ledger knows; what either does not know tells nothing.
  package init?(topicID: TopicID?, found: TopicID?) {
    guard let topicID, let found, topicID != found else { return nil }
    self = .topicIsAnother
  }

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
    case .topicIsAnother:
      "the topic was made again: Kafka gives it another id than the ledger knows; see 'lectern ledger new-incarnation'"
    case .recordDiffers(let offset, nil):
      "the record at offset \(offset) is not the one that was stored: was the topic recreated? See 'lectern ledger new-incarnation'"
    case .recordDiffers(let offset, let same?):
      "the record at offset \(offset) is not the one that was stored, though the one at \(same) is: did the log lose its tail? See 'lectern ledger new-incarnation'"
    }
  }
}
