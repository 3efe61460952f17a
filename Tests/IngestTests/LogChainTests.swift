import Ingest
import Persistence
import Testing

@Suite struct LogChainTests {
  private func record(_ offset: Int64, _ hash: Int64? = nil) -> LastRecord {
    LastRecord(offset: offset, timestampMilliseconds: 1_000 + offset, idHash: hash ?? offset)
  }

  /// The verdict on a batch of 10 and 11, stored up to 9, in a log of these records.
  private func verdict(
    after stored: LastRecord?, _ records: LastRecord..., low: Int64 = 0, high: Int64 = 12, reaching end: Int64 = 12
  ) -> LogChain {
    LogChain(
      after: stored, nextOffset: 10, batch: [record(10), record(11)], reaching: end,
      in: LogContents(
        low: low, high: high, records: Dictionary(uniqueKeysWithValues: records.map { ($0.offset, $0) })))
  }

  @Test func aLogThatHoldsWhatWasStoredAndFetchedIsWhole() {
    #expect(verdict(after: record(9), record(9), record(10), record(11)) == .whole)
    #expect(verdict(after: nil, record(10), record(11)) == .whole)
    #expect(verdict(after: record(9), record(9), record(10), record(11), high: 90) == .whole)
  }

  @Test func anotherRecordWhereTheLastWasStoredBreaksTheChain() {
    #expect(
      verdict(after: record(9), record(9, 1), record(10), record(11)) == .broken(.lastRecordDiffers(offset: 9)))
    var later = record(9)
    later.timestampMilliseconds = 7
    #expect(verdict(after: record(9), later, record(10), record(11)) == .broken(.lastRecordDiffers(offset: 9)))
    #expect(
      verdict(after: record(9), high: 4) == .broken(.logIsShorter(nextOffset: 10, highWatermark: 4)))
  }

  @Test func aBatchThatTheLogNoLongerHoldsIsReadAgain() {
    #expect(verdict(after: record(9), record(9), record(10), record(11, 5)) == .batchIsStale)
    #expect(verdict(after: record(9), record(9), record(10, 5), record(11)) == .batchIsStale)
    #expect(verdict(after: record(9), record(9), record(10), high: 11) == .batchIsStale)
    #expect(verdict(after: record(9), record(9), record(10), record(11), reaching: 15) == .batchIsStale)
  }

  /// What retention or compaction took tells nothing.
  @Test func whatIsGoneFromTheLogIsNoContradiction() {
    #expect(verdict(after: record(9), record(11), low: 11) == .whole)
    #expect(verdict(after: record(9), record(10), record(11)) == .whole)
  }

  @Test func suspicionLastsUntilTheEndWasSeenAndTimeHasPassed() {
    let start = ContinuousClock.now
    var suspicion = LogSuspicion(disturbances: 3)
    func isRaised(by count: Int, after seconds: Int) -> Bool {
      suspicion.isRaised(by: count, at: start + .seconds(seconds))
    }
    #expect(!isRaised(by: 3, after: 0))
    #expect(isRaised(by: 4, after: 0))
    suspicion.end(at: start + .seconds(29))
    #expect(isRaised(by: 4, after: 29))
    #expect(isRaised(by: 4, after: 300))
    suspicion.end(at: start + .seconds(301))
    #expect(!isRaised(by: 4, after: 301))
    #expect(isRaised(by: 5, after: 302))
    #expect(isRaised(by: 5, after: 902))
    #expect(!isRaised(by: 5, after: 903))
  }

  @Test func aBatchThatWasWaitedForIsSuspicious() {
    var suspicion = LogSuspicion(disturbances: 0)
    func isRaised(afterWaiting milliseconds: Int) -> Bool {
      suspicion.note(waited: .milliseconds(milliseconds), ofWhichAgeing: .milliseconds(200))
      return suspicion.isRaised(by: 0, at: .now)
    }
    #expect(!isRaised(afterWaiting: 0))
    #expect(!isRaised(afterWaiting: 299))
    #expect(isRaised(afterWaiting: 300))
    #expect(!isRaised(afterWaiting: 10))
  }
}
