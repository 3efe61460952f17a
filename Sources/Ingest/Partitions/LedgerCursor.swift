package import Persistence

/// Where a claimed partition stands in its ledger: the fence every store goes through.
package struct LedgerCursor: Sendable, Equatable {
  package let ledgerID: Int32
  package let epoch: Int64
  /// The first offset that is not stored yet.
  package var nextOffset: Int64

  package init(ledgerID: Int32, epoch: Int64, nextOffset: Int64) {
    self.ledgerID = ledgerID
    self.epoch = epoch
    self.nextOffset = nextOffset
  }

  /// The step from here over records at these offsets, which ascend, up to the log's end where it was reached. Offsets in
  /// between that carry no record (transaction markers, what compaction removed) count as skipped.
  ///
  /// - Parameter last: what the ledger keeps of the last of them; nil if there is none.
  package func step(
    over offsets: some Collection<Int64>, last: LastRecord?, reaching end: Int64? = nil
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
