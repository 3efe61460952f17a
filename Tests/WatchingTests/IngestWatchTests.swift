import Ingest
import KafkaIO
import LearningEvents
import Persistence
import Testing
import Watching

/// What `lectern top` shows, from observations that a test makes up.
@Suite struct IngestWatchTests {
  private static let start = EventTime(microseconds: 1_764_000_000_000_000)

  private func at(_ seconds: Double) -> EventTime {
    Self.start.advanced(by: .milliseconds(Int64(seconds * 1000)))
  }

  /// A ledger of partition `id`, read from 0 to `next`, whose last record was written at `lastAt`.
  private func ledger(
    _ id: Int32, next: Int64, rejects: Int64 = 0, skipped: Int64 = 0, lastAt: Double? = nil, movedAt: Double = 0,
    topic: TopicName = "frames", incarnation: Int32 = 0
  ) -> LedgerRow {
    var counters = LedgerCounters()
    (counters.rejects, counters.skipped) = (rejects, skipped)
    counters.samples = next - rejects - skipped
    return LedgerRow(
      ledgerID: id, log: LogIdentity(clusterID: "c", topic: topic, incarnation: incarnation, partition: id),
      consumerGroup: "lectern", epoch: 1, firstOffset: 0, nextOffset: next,
      last: lastAt.map { LastRecord(offset: next - 1, timestampMilliseconds: at($0).milliseconds, idHash: 1) },
      counters: counters, createdAt: Self.start, updatedAt: at(movedAt))
  }

  private func logs(_ seconds: Double, _ ends: [Int32: Int64], parked: [Int32: String] = [:]) -> LogObservation {
    var observation = LogObservation(at: at(seconds), clusterID: "c")
    observation.ends = ends.mapValues { LogObservation.Ends(low: 0, high: $0) }
    observation.parked = parked
    return observation
  }

  @Test func ratesAreMeansOverTheWindowAndCountRecordsAlone() throws {
    var watch = IngestWatch()
    #expect(watch.report(at: at(0)).recordsPerSecond == nil)
    watch.take(LedgerObservation(at: at(0), ledgers: [ledger(0, next: 100), ledger(1, next: 10)]))
    #expect(watch.report(at: at(0)).recordsPerSecond == nil)
    // Ten of the thirty offsets hold no record.
    watch.take(LedgerObservation(at: at(2), ledgers: [ledger(0, next: 130, skipped: 10), ledger(1, next: 10)]))
    let report = watch.report(at: at(2))
    #expect(report.recordsPerSecond == 10)
    #expect(report.partitions.map(\.recordsPerSecond) == [10, 0])
    // What is older than ten seconds counts no more.
    watch.take(LedgerObservation(at: at(11), ledgers: [ledger(0, next: 130, skipped: 10), ledger(1, next: 28)]))
    #expect(watch.report(at: at(11)).recordsPerSecond == 2)
    // A database that went back tells no rate, and not a negative one.
    watch.take(LedgerObservation(at: at(12), ledgers: [ledger(0, next: 50), ledger(1, next: 28)]))
    #expect(watch.report(at: at(12)).partitions.allSatisfy { ($0.recordsPerSecond ?? -1) >= 0 })
  }

  @Test func lagInSecondsIsAtMostTheAgeOfWhatWasStoredLast() throws {
    var watch = IngestWatch()
    let rows = [ledger(0, next: 10, lastAt: -3600), ledger(1, next: 10, lastAt: -5), ledger(2, next: 0)]
    watch.take(LedgerObservation(at: at(0), ledgers: rows))
    watch.take(logs(0, [0: 10, 1: 14, 2: 3]))
    let first = watch.report(at: at(0))
    let found = Dictionary(uniqueKeysWithValues: first.partitions.map { ($0.partition, $0) })
    #expect(found[0]?.lag == 0 && found[0]?.lagSeconds == 0)
    #expect(found[1]?.lag == 4 && found[1]?.lagSeconds == 5)
    // Nothing was ever stored, and it was never seen empty: nobody can tell.
    #expect(found[2]?.lag == 3 && found[2]?.lagSeconds == nil)
    #expect((first.lagRecords, first.lagSeconds) == (7, 5))
    var asked = logs(0, [0: 10, 1: 14, 2: 3])
    asked.waitingSince = [2: at(-8)]
    watch.take(asked)
    #expect(watch.report(at: at(0)).lagSeconds == 8)
    // The last record of partition 0 is an hour old, but it was seen read to its end two seconds ago.
    watch.take(LedgerObservation(at: at(2), ledgers: rows))
    watch.take(logs(2, [0: 11, 1: 14, 2: 3]))
    #expect(watch.report(at: at(2)).partitions.first { $0.partition == 0 }?.lagSeconds == 2)
  }

  @Test func parkedPartitionsComeFirstThenThoseFurthestBehind() {
    var watch = IngestWatch()
    watch.take(LedgerObservation(at: at(0), ledgers: (0..<4).map { ledger($0, next: 5) }))
    watch.take(logs(0, [0: 5, 1: 105, 2: 5, 3: 9], parked: [2: "gone"]))
    #expect(watch.report(at: at(0)).partitions.map(\.partition) == [2, 1, 3, 0])
    #expect(watch.report(at: at(0)).parked == 1)
  }

  @Test func aServerThatDoesNotAnswerIsShownWithTheAgeOfWhatItSaid() {
    var watch = IngestWatch()
    watch.take(LedgerObservation(at: at(0), ledgers: [ledger(0, next: 5)]))
    watch.take(LedgerObservation(at: at(1), ledgers: [ledger(0, next: 9)]))
    watch.take(logs(1, [0: 9]))
    watch.miss(.kafka, problem: "timed out")
    watch.miss(.postgres, problem: "connection refused")
    let report = watch.report(at: at(31))
    #expect(report.postgres == .init(ok: false, problem: "connection refused", ageSeconds: 30))
    #expect(report.kafka?.ok == false && report.recordsPerSecond == nil)
    #expect(report.partitions.first?.next == 9)
    watch.take(LedgerObservation(at: at(40), ledgers: [ledger(0, next: 9)]))
    #expect(watch.report(at: at(40)).postgres?.ok == true)
  }

  @Test func batchTimesAndNewRejectsAreDifferences() {
    var watch = IngestWatch()
    watch.take(LedgerObservation(at: at(0), ledgers: [], rejects: [.noConsent: 7]))
    watch.take(LedgerObservation(at: at(1), ledgers: [], rejects: [.noConsent: 9, .badEvent: 1]))
    #expect(watch.report(at: at(1)).rejects.map(\.code) == ["no_consent", "bad_event"])
    #expect(watch.report(at: at(1)).rejects.map(\.new) == [2, 1])
    #expect(watch.report(at: at(1)).batch == nil)
    watch.take(
      WorkerObservation(at: at(0), batches: ["a": .init(count: 10, seconds: 5), "b": .init(count: 4, seconds: 1)]))
    #expect(watch.report(at: at(1)).batch?.meanSeconds == nil)
    // b began again meanwhile.
    watch.take(
      WorkerObservation(at: at(1), batches: ["a": .init(count: 14, seconds: 5.5), "b": .init(count: 1, seconds: 0.1)]))
    #expect(watch.report(at: at(1)).batch == .init(workers: 2, count: 4, meanSeconds: 0.125))
  }

  /// While nobody knows which cluster is meant, others' rejects are counted too.
  @Test func newRejectsBeginAnewOnceTheClusterIsKnown() {
    var watch = IngestWatch()
    #expect(watch.cluster == nil)
    watch.take(
      LedgerObservation(at: at(0), ledgers: [ledger(0, next: 5)], rejects: [.noConsent: 90]), of: watch.cluster)
    watch.take(logs(0, [0: 5]))
    #expect(watch.cluster == "c")
    watch.take(LedgerObservation(at: at(1), ledgers: [ledger(0, next: 5)], rejects: [.noConsent: 7]), of: watch.cluster)
    #expect(watch.report(at: at(1)).rejects == [.init(code: "no_consent", count: 7, new: 0)])
    watch.take(LedgerObservation(at: at(2), ledgers: [ledger(0, next: 7)], rejects: [.noConsent: 9]), of: watch.cluster)
    #expect(watch.report(at: at(2)).rejects == [.init(code: "no_consent", count: 9, new: 2)])
    #expect(watch.report(at: at(2)).cluster == "c")
  }

  @Test func aConfiguredClusterIsMeantFromTheFirstObservationOn() {
    let watch = IngestWatch(clusterID: "c")
    #expect(watch.cluster == "c" && watch.report(at: at(0)).cluster == "c")
  }

  private func watched() -> WatchReport {
    var watch = IngestWatch()
    let before = [
      ledger(0, next: 900, rejects: 12, lastAt: -2), ledger(1, next: 40, lastAt: -90),
      ledger(2, next: 4, lastAt: -7300, movedAt: -7300),
    ]
    var after = before
    after[0] = ledger(0, next: 1000, rejects: 15, lastAt: 9.5, movedAt: 9.6)
    watch.take(LedgerObservation(at: at(0), ledgers: before, rejects: [.noConsent: 12]))
    watch.take(LedgerObservation(at: at(10), ledgers: after, rejects: [.noConsent: 15, .badEvent: 1]))
    var observation = logs(10, [0: 1000, 1: 52, 2: 11], parked: [2: "offsets 4..<9 were removed by retention"])
    observation.unclaimed = [TopicPartition(topic: "frames", partition: 3): .init(low: 0, high: 6)]
    watch.take(observation)
    watch.take(WorkerObservation(at: at(9), batches: ["a": .init(count: 10, seconds: 5)]))
    watch.take(WorkerObservation(at: at(10), batches: ["a": .init(count: 30, seconds: 5.3)]))
    return watch.report(at: at(10))
  }

  @Test func theScreenOfAWideTerminal() {
    #expect(
      WatchScreen(columns: 120).lines(watched()).joined(separator: "\n") == """
        lectern top  2025-11-24 16:00:10Z  10 records/s  lag 25 (2h01m)  batch 15 ms (1 worker)  1 PARKED
        rejects  no_consent 15 (+3)  bad_event 1 (+1)

        partition  records/s  lag  behind  next   end      moved  state
        frames[2]        0.0    7   2h01m     4    11  2h01m ago  PARKED
          offsets 4..<9 were removed by retention
        frames[1]        0.0   12   1m40s    40    52    10s ago  behind
        frames[3]          -    6       -     -     6          -  no worker yet
        frames[0]         10    0      0s  1000  1000   0.4s ago  read to its end
        """)
  }

  @Test(arguments: [20, 33, 40, 52, 60, 79, 200], [3, 5, 7, 9, 50])
  func nothingLeavesTheTerminal(columns: Int, rows: Int) {
    for hasColour in [false, true] {
      let lines = WatchScreen(columns: columns, rows: rows, hasColour: hasColour).lines(watched())
      #expect(lines.count <= rows)
      for line in lines {
        let plain = line.replacing(#/\u{1b}\[[0-9]*m/#, with: "")
        #expect(plain.count <= columns, "\(plain)")
        #expect(hasColour || plain == line)
      }
      // What matters most survives.
      if rows >= 7 { #expect(lines.contains { $0.contains("PARKED") || $0.contains("frames[2]") }) }
    }
    let low = WatchScreen(columns: 80, rows: 6).lines(watched())
    #expect(low.last == "… and 3 more", "\(low)")
  }

  @Test func spansOfTime() {
    let spans = [0.01, 0.44, 9.96, 31, 302, 7620, 273_600].map(WatchScreen.span)
    #expect(spans == ["0s", "0.4s", "10.0s", "31s", "5m02s", "2h07m", "3d04h"])
  }
}
