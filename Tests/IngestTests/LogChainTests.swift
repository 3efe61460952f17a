import Ingest
import LearningEvents
import Persistence
import Testing

@Suite struct LogChainTests {
  private func record(_ offset: Int64, _ hash: Int64? = nil) -> RecordMark {
    RecordMark(offset: offset, timestampMilliseconds: 1_000 + offset, idHash: hash ?? offset)
  }

  /// The verdict on a batch of 10 and 11, stored up to 9, in a log of these records.
  private func verdict(
    after stored: RecordMark?, _ records: RecordMark..., low: Int64 = 0, high: Int64 = 12, reaching end: Int64 = 12
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
      verdict(after: record(9), record(9, 1), record(10), record(11))
        == .broken(.recordDiffers(offset: 9, sameUpTo: nil)))
    var later = record(9)
    later.timestampMilliseconds = 7
    #expect(
      verdict(after: record(9), later, record(10), record(11)) == .broken(.recordDiffers(offset: 9, sameUpTo: nil)))
    #expect(
      verdict(after: record(9), high: 4) == .broken(.logIsShorter(nextOffset: 10, highWatermark: 4)))
  }

  @Test func aRecordOfAnotherLeadersEpochIsAnother() {
    func of(_ epoch: Int32?) -> RecordMark {
      RecordMark(offset: 9, timestampMilliseconds: 1_009, idHash: 9, leaderEpoch: epoch)
    }
    #expect(verdict(after: of(3), of(3), record(10), record(11)) == .whole)
    #expect(
      verdict(after: of(3), of(4), record(10), record(11)) == .broken(.recordDiffers(offset: 9, sameUpTo: nil)))
    // Who does not know it says nothing against the record.
    #expect(verdict(after: of(nil), of(4), record(10), record(11)) == .whole)
    #expect(verdict(after: of(3), of(nil), record(10), record(11)) == .whole)
  }

  @Test func aTopicOfAnotherIdIsAnotherLog() {
    func verdict(_ known: TopicID?, _ found: TopicID?) -> LogChain {
      LogChain(
        after: nil, nextOffset: 10, batch: [record(10)], reaching: 11, topicID: known,
        in: LogContents(low: 0, high: 12, records: [10: record(10)], topicID: found))
    }
    #expect(verdict("a", "a") == .whole)
    #expect(verdict("a", "b") == .broken(.topicIsAnother))
    #expect(verdict(nil, "b") == .whole)
    #expect(verdict("a", nil) == .whole)
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

  @Test func aRecordStoredBeforeTheLastTellsUpToWhereTheLogIsTheSame() {
    func reason(_ records: RecordMark...) -> ParkReason? {
      ParkReason(
        stored: [3, 5, 7, 9].map { record($0) },
        in: LogContents(
          low: 0, high: 12, records: Dictionary(uniqueKeysWithValues: records.map { ($0.offset, $0) })))
    }
    #expect(reason(record(3), record(5), record(7), record(9)) == nil)
    #expect(reason(record(5), record(9)) == nil)
    #expect(reason() == nil)
    // What is stored by now is of the new log.
    #expect(
      reason(record(3), record(5), record(7, 1), record(9)) == .recordDiffers(offset: 7, sameUpTo: 5))
    #expect(reason(record(3, 1), record(5, 1), record(9)) == .recordDiffers(offset: 3, sameUpTo: nil))
  }

  @Test func aFewMarksReachFromTheFirstToTheLast() {
    let marks = (0..<100).map { record($0) }
    #expect(marks.few.map(\.offset) == [0, 35, 67, 83, 91, 95, 97, 98, 99])
    #expect(Array(marks.prefix(2)).few == Array(marks.prefix(2)))
    #expect([record(1), record(9)].and(record(9, 4)) == [record(1), record(9, 4)])
    #expect([record(1)].and(nil) == [record(1)])
  }

  @Test func suspicionLastsUntilTheEndWasSeenAndTimeHasPassed() {
    let start = ContinuousClock.now
    var suspicion = LogSuspicion(disturbances: 3, last: nil, at: start)
    func comparison(after count: Int, at seconds: Int) -> LogComparison? {
      suspicion.comparison(after: count, last: nil, at: start + .seconds(seconds))
    }
    #expect(comparison(after: 3, at: 0) == nil)
    #expect(comparison(after: 4, at: 0) == .batch)
    suspicion.end(at: start + .seconds(29))
    #expect(comparison(after: 4, at: 29) == .batch)
    #expect(comparison(after: 4, at: 300) == .batch)
    suspicion.end(at: start + .seconds(301))
    #expect(comparison(after: 4, at: 301) == nil)
    #expect(comparison(after: 5, at: 302) == .batch)
    #expect(comparison(after: 5, at: 902) == .batch)
    #expect(comparison(after: 5, at: 903) == nil)
  }

  @Test func aBatchThatWasWaitedForIsSuspicious() {
    var suspicion = LogSuspicion(disturbances: 0, last: nil, at: .now)
    func comparison(afterWaiting milliseconds: Int) -> LogComparison? {
      suspicion.note(waited: .milliseconds(milliseconds), ofWhichAgeing: .milliseconds(200))
      return suspicion.comparison(after: 0, last: nil, at: .now)
    }
    #expect(comparison(afterWaiting: 0) == nil)
    #expect(comparison(afterWaiting: 299) == nil)
    #expect(comparison(afterWaiting: 300) == .batch)
    #expect(comparison(afterWaiting: 10) == nil)
  }

  @Test func aRecordOfASecondAgoIsComparedEverySecond() {
    let start = ContinuousClock.now
    // The first is there once something was stored.
    var suspicion = LogSuspicion(disturbances: 0, last: nil, at: start)
    func comparison(_ last: Int64?, at milliseconds: Int) -> LogComparison? {
      suspicion.comparison(after: 0, last: last.map { record($0) }, at: start + .milliseconds(milliseconds))
    }
    #expect(comparison(nil, at: 1500) == nil)
    #expect(comparison(4, at: 2000) == nil)
    #expect(comparison(5, at: 2999) == nil)
    #expect(comparison(6, at: 3000) == .anchor(record(4)))
    suspicion.noteComparison(after: record(8), at: start + .milliseconds(3000))
    #expect(comparison(9, at: 3999) == nil)
    #expect(comparison(9, at: 4000) == .anchor(record(8)))
  }
}
