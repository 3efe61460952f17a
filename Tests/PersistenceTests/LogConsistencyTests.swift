import LearningEvents
import Persistence
import Testing

/// What the checks make of ledgers and of the rows that were counted.
@Suite struct LogConsistencyTests {
  private func ledger(
    _ id: Int32, partition: Int32 = 0, incarnation: Int32 = 0, first: Int64 = 0, next: Int64 = 10,
    last: RecordMark? = nil, _ count: (inout LedgerCounters) -> Void = { $0.samples = 10 }
  ) -> LedgerRow {
    var counters = LedgerCounters()
    count(&counters)
    let time = EventTime(microseconds: 0)
    return LedgerRow(
      ledgerID: id, log: LogIdentity(clusterID: "c", topic: "t", incarnation: incarnation, partition: partition),
      consumerGroup: "g", epoch: 1, firstOffset: first, nextOffset: next, last: last, counters: counters,
      updatedAt: time)
  }

  @Test func aLedgerWhoseCountersAddUpIsRight() {
    let mixed = ledger(1, first: 5, next: 26) {
      ($0.samples, $0.rejects, $0.duplicates) = (6, 5, 4)
      ($0.applied, $0.skipped, $0.lost) = (3, 2, 1)
      ($0.erased, $0.expired) = (2, 4)
    }
    #expect(LogConsistency.arithmetic([mixed]).outcome == .ok)
  }

  @Test func eachWayOfNotAddingUpIsNamed() {
    let check = LogConsistency.arithmetic([
      ledger(1, next: 11), ledger(2) { ($0.samples, $0.erased) = (10, 11) },
      ledger(3, last: RecordMark(offset: 10, timestampMilliseconds: nil, idHash: 0)), ledger(4),
    ])
    #expect(check.outcome == .failed && check.violations == 3)
    #expect(check.places.map(\.ledger) == [1, 2, 3])
    #expect(check.places[0].detail == "11 offsets taken, 10 counted")
    #expect(check.places[1].detail.contains("11 erased and 0 expired of 10 samples"))
    #expect(check.places[2].detail.contains("outside 0..<10"))
  }

  @Test func incarnationsOfOneLogAreNumberedWithoutAGap() {
    #expect(
      LogConsistency.incarnations([
        ledger(1), ledger(2, incarnation: 1), ledger(3, partition: 1), ledger(4, incarnation: 2),
      ]).outcome == .ok)
    let gap = LogConsistency.incarnations([ledger(1), ledger(2, incarnation: 2), ledger(3, partition: 1)])
    #expect(gap.violations == 1 && gap.places.map(\.ledger) == [2])
    #expect(gap.places.first?.detail == "incarnation 2 stands where 1 belongs")
  }

  @Test func rowsAreComparedWithWhatWasCounted() {
    let check = LogConsistency.counted(
      "samples_counted", compares: "",
      [.init(ledger: 1, rows: 10), .init(ledger: 2, rows: 9), .init(ledger: 9, rows: 1)],
      [ledger(1), ledger(2), ledger(3)], took: .milliseconds(1500)
    ) { $0.samples }
    #expect(check.milliseconds == 1500)
    #expect(check.places.map(\.ledger) == [2, 3, 9])
    #expect(
      check.places.map(\.detail) == [
        "9 rows, 10 counted", "0 rows, 10 counted", "1 rows of a ledger there is none of",
      ])
  }

  @Test func rowsOutsideTheirLedgerAndStraysAreCountedAndTheFirstIsNamed() {
    let names: [Int32: LogIdentity] = [1: LogIdentity(clusterID: "c", topic: "t", incarnation: 0, partition: 4)]
    let samples = [
      LogConsistency.Tally(ledger: 1, rows: 5, outside: 2, firstOutside: 77, strays: 3, firstStray: 70),
      LogConsistency.Tally(ledger: 2, rows: 5),
    ]
    let range = LogConsistency.inRange(samples, [.init(ledger: 1, rows: 1, outside: 1, firstOutside: 99)], names)
    #expect(range.violations == 3)
    #expect(range.places.map(\.offset) == [77, 99] && range.places.map(\.partition) == [4, 4])
    #expect(range.places.map(\.detail) == ["the first of 2, a sample", "the first of 1, a reject"])
    let strays = LogConsistency.strays(samples, names)
    #expect(strays.violations == 3 && strays.places.map(\.offset) == [70])
  }

  @Test func onlyTheFirstPlacesAreKept() {
    let check = LogConsistency.arithmetic((0..<9).map { ledger($0, next: 11) })
    #expect(check.violations == 9 && check.places.count == ConsistencyCheck.placeLimit)
  }
}
