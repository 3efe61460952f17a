import Ingest
import KafkaIO
import LearningEvents
import Persistence
import Testing
import Watching
import WatchingTestSupport

/// How ingest stands and moves, from observations that a test makes up.
@Suite struct IngestWatchTests: MadeUpIngest {
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

  @Test func aBacklogThatShrinksIsWorkedOffSomeTime() {
    var watch = IngestWatch()
    func see(_ second: Double, lag: Int64) -> WatchReport {
      watch.take(LedgerObservation(at: at(second), ledgers: [ledger(0, next: 1000)]))
      watch.take(logs(second, [0: 1000 + lag]))
      return watch.report(at: at(second))
    }
    #expect(see(0, lag: 600).backlogSeconds == nil)
    // Too short a time to say.
    #expect(see(5, lag: 550).lagRecordsPerSecond == nil)
    let report = see(20, lag: 400)
    #expect(report.lagRecordsPerSecond == -10 && report.backlogSeconds == 40)
    // Over a minute: what was seen before counts no more.
    #expect(see(70, lag: 500).lagRecordsPerSecond == 2 && see(70, lag: 500).backlogSeconds == nil)
    #expect(see(75, lag: 0).backlogSeconds == nil)
    watch.miss(.kafka, problem: "gone")
    #expect(watch.report(at: at(76)).lagRecordsPerSecond == nil)
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
}
