package import Persistence

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
