import Ingest
import Persistence
import Testing

@Suite struct LedgerCursorTests {
  private let cursor = LedgerCursor(ledgerID: 3, epoch: 9, nextOffset: 100)

  private func step(_ offsets: Int64..., reaching end: Int64? = nil) -> LedgerStep {
    cursor.step(
      over: offsets, last: offsets.last.map { RecordMark(offset: $0, timestampMilliseconds: nil, idHash: $0) },
      reaching: end)
  }

  @Test func recordsInARowSkipNothing() {
    let step = step(100, 101, 102)
    #expect(step.expectedOffset == 100)
    #expect(step.nextOffset == 103)
    #expect(step.skipped == 0)
    #expect(step.last?.offset == 102)
    #expect(step.ledgerID == 3)
    #expect(step.epoch == 9)
  }

  @Test func jumpsAndAnEndFurtherOnAreSkipped() {
    let step = step(102, 105, reaching: 108)
    #expect(step.nextOffset == 108)
    // 100, 101, 103, 104, 106 and 107 carry no record.
    #expect(step.skipped == 6)
    #expect(step.last?.offset == 105)
  }

  @Test func anEndAloneSkipsUpToItAndKeepsTheLastRecord() {
    let step = step(reaching: 101)
    #expect(step.nextOffset == 101)
    #expect(step.skipped == 1)
    #expect(step.last == nil)
  }

  @Test func anEndBehindTheRecordsChangesNothing() {
    #expect(step(100, 101, reaching: 101) == step(100, 101))
  }

  @Test func aFencedStoreIsSettledByTheLedgersRow() {
    func row(epoch: Int64 = 9, next: Int64) -> LedgerState {
      LedgerState(ledgerID: 3, epoch: epoch, nextOffset: next, last: nil)
    }
    #expect(FenceOutcome(row: row(epoch: 10, next: 100), cursor: cursor) == .claimedElsewhere)
    #expect(FenceOutcome(row: nil, cursor: cursor) == .databaseWentBackBeforeClaim)
    #expect(FenceOutcome(row: row(epoch: 8, next: 100), cursor: cursor) == .databaseWentBackBeforeClaim)
    #expect(FenceOutcome(row: row(next: 103), cursor: cursor) == .alreadyStored(nextOffset: 103))
    #expect(FenceOutcome(row: row(next: 40), cursor: cursor) == .databaseWentBack(nextOffset: 40))
    #expect(FenceOutcome(row: row(next: 100), cursor: cursor) == .unchanged)
  }

  @Test func aLogThatDoesNotFitItsLedgerIsParked() {
    #expect(ParkReason(nextOffset: 10, lowWatermark: 0, highWatermark: 10) == nil)
    #expect(ParkReason(nextOffset: 10, lowWatermark: 10, highWatermark: 50) == nil)
    #expect(
      ParkReason(nextOffset: 10, lowWatermark: 11, highWatermark: 50)
        == .retentionPassed(nextOffset: 10, lowWatermark: 11))
    #expect(
      ParkReason(nextOffset: 10, lowWatermark: 0, highWatermark: 9) == .logIsShorter(nextOffset: 10, highWatermark: 9))
  }
}
