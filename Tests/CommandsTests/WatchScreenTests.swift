import Commands
import Ingest
import KafkaIO
import LearningEvents
import Persistence
import Testing
import Watching
import WatchingTestSupport

/// What `lectern top` draws, from observations that a test makes up.
@Suite struct WatchScreenTests: MadeUpIngest {
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

  @Test func aServerThatRefusesAnswers() {
    var watch = IngestWatch()
    watch.miss(.postgres, problem: "GRANT lectern_aggregator TO the user", isRefusal: true)
    watch.miss(.kafka, problem: "timed out")
    let lines = WatchScreen(columns: 120).lines(watch.report(at: at(1)))
    #expect(
      lines.dropFirst().prefix(2) == [
        "PostgreSQL refuses: GRANT lectern_aggregator TO the user", "no answer from Kafka: timed out",
      ])
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

  @Test func rejectsThatWereNotCountedWholeAreATotalAndWhatIsNew() {
    var watch = IngestWatch()
    watch.take(LedgerObservation(at: at(0), ledgers: [ledger(0, next: 30, rejects: 30)], rejectsAreWhole: false))
    watch.take(
      LedgerObservation(
        at: at(1), ledgers: [ledger(0, next: 37, rejects: 37)], rejects: [.noConsent: 7], rejectsAreWhole: false))
    #expect(WatchScreen(columns: 80).lines(watch.report(at: at(1)))[1] == "rejects 37  no_consent (+7)")
  }

  @Test func spansOfTime() {
    let spans = [0.01, 0.44, 9.96, 31, 302, 7620, 273_600].map(WatchScreen.span)
    #expect(spans == ["0s", "0.4s", "10.0s", "31s", "5m02s", "2h07m", "3d04h"])
  }
}
