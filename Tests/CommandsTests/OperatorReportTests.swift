import Aggregation
import Arguments
import ArgumentsTestSupport
import Commands
import Foundation
import Ingest
import KafkaIO
import LearningEvents
import Persistence
import Testing
import TextOutput

/// What commands of operators print, from values that a server would have given.
@Suite struct OperatorReportTests {
  private let time = EventTime(microseconds: 1_764_000_000_000_000)

  private func row(_ partition: Int32, next: Int64, first: Int64 = 0, topic: TopicName = "frames") -> LedgerRow {
    var counters = LedgerCounters()
    (counters.samples, counters.rejects, counters.duplicates) = (next - first - 12, 7, 2)
    (counters.applied, counters.skipped, counters.lost, counters.erased, counters.expired) = (0, 2, 1, 4, 5)
    return LedgerRow(
      ledgerID: 10 + partition,
      log: LogIdentity(clusterID: "cluster", topic: topic, incarnation: 1, partition: partition),
      consumerGroup: "lectern", epoch: 3, firstOffset: first, nextOffset: next, last: nil, counters: counters,
      updatedAt: time)
  }

  @Test func auditLog() throws {
    func entry(_ id: Int64, _ action: String, _ detail: String) -> AuditEntry {
      AuditEntry(id: id, at: time, actor: "anna\u{1B}", action: action, detail: detail)
    }
    let entries = [
      entry(9, "control.by_hand", #"{"by": "root", "grants": 2, "erasures": [], "superseded": 0}"#),
      entry(7, "control.revocations", #"{"before": 12, "ledger": 3, "erasures": [4, 5], "revocations": 2}"#),
      entry(2, "erase", #"{"by": "root", "erasure": 1}"#),
    ]
    let page = AuditPage(entries, limit: 2)
    #expect(
      page.text == """
        line  at                    login       action               detail
        9     2025-11-24T16:00:00Z  anna\\u{1b}  control.by_hand      by=root grants=2 superseded=0
        7     2025-11-24T16:00:00Z  anna\\u{1b}  control.revocations  before=12 erasures=4,5 ledger=3 revocations=2
        next page: --before 7

        """)
    #expect(
      try printedJSON(AuditPage([entries[1]], limit: 2))
        == #"{"lines":[{"action":"control.revocations","actor":"anna\u001b","at":"2025-11-24T16:00:00Z","#
        + #""detail":{"before":12,"erasures":[4,5],"ledger":3,"revocations":2},"entry":7}]}"# + "\n")
    #expect(AuditPage([], limit: 2).text == "line  at  login  action  detail\n")
    // Whoever may write a line cannot keep others from being read.
    for odd in [#"{"a": {}}"#, "[]", #"{"a": null}"#] {
      #expect(AuditPage([entry(1, "x", odd)], limit: 1).text.contains("unread=\(odd)"))
    }
  }

  @Test func ledgers() throws {
    let lost = LedgerExamination(
      ledger: row(1, next: 120), lowWatermark: 300, highWatermark: 420,
      reason: .retentionPassed(nextOffset: 120, lowWatermark: 300))
    let lines = [
      LedgerLine(
        row(0, next: 1000),
        log: .examined(
          LedgerExamination(ledger: row(0, next: 1000), lowWatermark: 5, highWatermark: 1025, reason: nil))),
      LedgerLine(row(1, next: 120), log: .examined(lost)), LedgerLine(row(2, next: 40), log: .missing),
      LedgerLine(row(3, next: 12, topic: "old\u{1B}[2J"), log: .unasked),
    ]
    #expect(
      LedgerLine.table(lines) == """
        topic         incarnation  partition  next   end  lag  samples  rejects  duplicates  applied  skipped  lost  erased  expired  state
        frames                  1          0  1000  1025   25      988        7           2        0        2     1       4        5  ok
        frames                  1          1   120   420  300      108        7           2        0        2     1       4        5  PARKED
        frames                  1          2    40     -    -       28        7           2        0        2     1       4        5  PARKED
        old\\u{1b}[2J            1          3    12     -    -        0        7           2        0        2     1       4        5  -

        frames[1] is parked: offsets 120..<300 were removed by retention before they were stored; see 'lectern ledger accept-gap'

        frames[2] is parked: the cluster has no such partition, of which the ledger has 40 offsets: was the topic deleted? See 'lectern ledger new-incarnation'

        """)
    #expect(
      try printedJSON([lines[1]])
        == #"[{"applied":0,"cluster":"cluster","duplicates":2,"end":420,"epoch":3,"erased":4,"expired":5,"first":0,"#
        + #""group":"lectern","incarnation":1,"lag":300,"ledger":11,"lost":1,"low":300,"next":120,"#
        + #""parked":"offsets 120..<300 were removed by retention before they were stored; see 'lectern ledger accept-gap'","#
        + #""partition":1,"rejects":7,"samples":108,"skipped":2,"topic":"frames","updatedAt":"2025-11-24T16:00:00Z"}]"#
        + "\n")
  }

  @Test func rejects() throws {
    let counts = RejectPage(counts: [
      RejectCount(
        topic: "frames", code: .noConsent, detail: "", count: 1234, firstAt: time,
        lastAt: time.advanced(by: .seconds(60))),
      RejectCount(topic: "frames", code: .badEvent, detail: "ce_time: missing", count: 1, firstAt: time, lastAt: time),
    ])
    #expect(
      counts.text == """
        topic   code        first                 last                  count  detail
        frames  no_consent  2025-11-24T16:00:00Z  2025-11-24T16:01:00Z   1234  
        frames  bad_event   2025-11-24T16:00:00Z  2025-11-24T16:00:00Z      1  ce_time: missing

        """)
    let records = (0..<3).map { offset in
      RejectedRecord(
        place: .init(ledgerID: 17, offset: offset), topic: "frames", incarnation: Int32(offset), partition: 2,
        code: .badImage, detail: "truncated", recordTimestamp: offset == 0 ? nil : time, rejectedAt: time,
        reference: offset == 0 ? EventReference() : EventReference(source: "s", courseID: "math", eventID: "e-1"))
    }
    #expect(
      RejectPage(records: records, limit: 2).text == """
        rejected              code       place          record                detail
        2025-11-24T16:00:00Z  bad_image  frames[2]/0    -                     truncated
        2025-11-24T16:00:00Z  bad_image  frames#1[2]/1  2025-11-24T16:00:00Z  truncated (source s, course math, event e-1)
        next page: --after 17:1

        """)
    #expect(
      try printedJSON(RejectPage(records: Array(records.prefix(1)), limit: 2)) == """
        {"rows":[{"code":"bad_image","detail":"truncated","incarnation":0,"offset":0,"partition":2,\
        "rejectedAt":"2025-11-24T16:00:00Z","topic":"frames"}]}

        """)
  }

  @Test func rejectsFitTheirTerminal() {
    let detail = "ce_time: " + Array(repeating: "not a time that anybody could read", count: 4).joined(separator: " ")
    let late = EventTime(microseconds: 1_795_946_400_123_456)
    let count = RejectCount(
      topic: "lectern.frames.v1", code: .sequenceReused, detail: detail, count: 123_456, firstAt: late, lastAt: late)
    let record = RejectedRecord(
      place: .init(ledgerID: 17, offset: 123_456_789), topic: "lectern.frames.v1", incarnation: 2, partition: 12,
      code: .sequenceReused, detail: detail, recordTimestamp: late, rejectedAt: late)
    for page in [RejectPage(counts: [count]), RejectPage(records: [record], limit: 1)] {
      let lines = page.text(columns: 120).split(separator: "\n")
      #expect(lines.allSatisfy { $0.count <= 120 }, "\(lines.map(\.count))")
      // Nothing is cut off.
      #expect(lines.joined(separator: " ").split(separator: " ").filter { $0 == "anybody" }.count == 4)
      #expect(page.text(columns: nil).split(separator: "\n").count == 2)
    }
  }

  /// Whatever a record or the LMS brought.
  @Test func whatCameFromElsewhereCannotSteerATerminal() {
    let hostile = "\u{1B}[2J\u{202E}"
    let count = RejectCount(
      topic: TopicName(hostile), code: .badEvent, detail: hostile, count: 1, firstAt: time, lastAt: time)
    let record = RejectedRecord(
      place: .init(ledgerID: 17, offset: 4), topic: TopicName(hostile), incarnation: 0, partition: 2, code: .badImage,
      detail: hostile, recordTimestamp: nil, rejectedAt: time)
    for text in [
      RejectPage(counts: [count]).text, RejectPage(records: [record], limit: 1).text,
      CourseList.text([ReportedCourse(id: 3, title: hostile, segments: 6)]),
    ] {
      #expect(!text.contains("\u{1B}") && !text.contains("\u{202E}"))
      #expect(text.contains(#"\u{1b}[2J\u{202e}"#))
    }
  }

  @Test func retries() throws {
    var report = RetryReport()
    (report.samples, report.duplicates, report.rejects, report.untouched, report.gone) = (5, 4, 3, 2, 1)
    #expect(
      RetryAnswer(report).text == """
        samples     5
        duplicates  4
        rejected    3 again
        untouched   2, judged by somebody else meanwhile
        gone        1, no longer in the log: left as they are

        """)
    #expect(RetryAnswer(report).notes.isEmpty)
    report.parked = [TopicPartition(topic: "frames", partition: 1): .recordDiffers(offset: 9, sameUpTo: nil)]
    report.abandoned = [TopicPartition(topic: "frames", partition: 0)]
    #expect(
      RetryAnswer(report).notes == [
        "left out: frames[1]: the record at offset 9 is not the one that was stored: was the topic recreated? "
          + "See 'lectern ledger new-incarnation'\n",
        "left midway: frames[0]: its ledger became another or an older one, as after a restore; retry once more\n",
      ])
    #expect(
      try printedJSON(RetryAnswer(report)) == """
        {"abandoned":["frames[0]"],"duplicates":4,"gone":1,"parked":{"frames[1]":"the record at offset 9 is not the one \
        that was stored: was the topic recreated? See 'lectern ledger new-incarnation'"},"rejects":3,"samples":5,\
        "untouched":2}

        """)
  }

  @Test func verification() throws {
    var log = LogConsistency.Report()
    log.ledgers = [row(0, next: 1000)]
    (log.samples, log.rejects) = (979, 7)
    var rollups = RollupVerification.Report()
    (rollups.courses, rollups.sessionsRecomputed, rollups.sessionsDirty, rollups.sessionsFrozen) = (3, 40, 2, 1)
    let good = ConsistencyCheck(
      "ledger_arithmetic", compares: "sums and offsets", violations: 0, places: [], took: .milliseconds(12))
    let bad = ConsistencyCheck(
      "samples_counted", compares: "rows and counters", violations: 9,
      places: [
        .init(
          ledger: 10, log: LogIdentity(clusterID: "c", topic: "frames", incarnation: 1, partition: 0), offset: 4,
          detail: "one too many"), .init(course: 5, detail: "another"),
      ])
    let skipped = ConsistencyCheck(
      "ledger_within_log", compares: "ledger and log", unmade: .skipped, because: "no Kafka is configured")
    let lag = VerifyReport.Lag([
      .init(topic: "frames", partition: 0, ledger: 10, next: 1000, end: 1025),
      .init(topic: "frames", partition: 1, ledger: 11, next: 90, end: 80),
    ])
    let report = VerifyReport(
      at: time, log: log, rollups: rollups, checks: [good, bad, skipped], lag: lag, took: .milliseconds(1234))
    #expect(!report.ok)
    #expect(
      report.text == """
        check              outcome  violations   time  compares
        ledger_arithmetic  ok                0  12 ms  sums and offsets
        samples_counted    FAILED            9         rows and counters
        ledger_within_log  skipped           -         ledger and log

        samples_counted: the first 2 of 9
          frames[0], incarnation 1, ledger 10, offset 4: one too many
          course 5: another

        ledger_within_log: no Kafka is configured

        snapshot   2025-11-24T16:00:00Z, looked at in 1234 ms
        ledgers    1, with 979 samples and 7 rejects stored
        courses    3
        sessions   40 recomputed, 2 dirty, 1 frozen
        lag        25 records: frames[0] 25
        SOMETHING DOES NOT HOLD

        """)
    let holding = VerifyReport(
      at: time, log: log, rollups: rollups, checks: [good, skipped], lag: nil, took: .zero)
    #expect(holding.ok && holding.text.hasSuffix("1 frozen\neverything that was checked holds\n"))
    #expect(
      try printedJSON(holding).hasPrefix(#"{"at":"2025-11-24T16:00:00Z","checks":[{"compares":"sums and offsets","#))
    // The operators' page describes the whole object.
    let page = try String(contentsOf: repository.appending(path: "docs/operations.md"), encoding: .utf8)
    let begin = try #require(page.firstRange(of: "\nThe object has `ok`")).lowerBound
    let end = try #require(page[begin...].firstRange(of: "\n\n")).lowerBound
    let object = try #require(try JSONSerialization.jsonObject(with: Data(printedJSON(report).utf8)) as? [String: Any])
    var names = Set(object.keys)
    for part in ["counts", "lag"] { names.formUnion(try #require(object[part] as? [String: Any]).keys) }
    #expect(names.count >= 15)
    for name in names { #expect(page[begin..<end].contains("`\(name)`"), "docs/operations.md lacks \(name)") }
  }

  @Test func interruptedWorkSaysWhatWasDone() throws {
    let whole = PublishSummary(published: 3, failed: 0, bytes: 30, seconds: 1.5)
    #expect(whole.text == "3 frames published, 30 bytes, 1.5 s\n")
    #expect(try !printedJSON(whole).contains("interrupted"))
    let part = PublishSummary(
      published: 3, failed: 1, bytes: 30, seconds: 1.5, interrupted: .init(wanted: 10, unanswered: 2))
    #expect(part.text == "interrupted: 3 of 10 frames published, 3 not acknowledged, 30 bytes, 1.5 s\n")
    #expect(try printedJSON(part).contains(#""interrupted":{"unanswered":2,"wanted":10}"#))

    func check(_ name: String, _ violations: Int64) -> ConsistencyCheck {
      ConsistencyCheck(name, compares: "", violations: violations, places: [])
    }
    let start = "interrupted after 1500 ms, without a verdict: "
    func text(_ checks: [ConsistencyCheck]) -> String {
      VerifyReport.interruption(of: checks, after: .milliseconds(1500))
    }
    #expect(text([]) == start + "no check was made")
    #expect(text([check("a", 0), check("b", 0)]) == start + "2 checks were made, none of them failed")
    #expect(text([check("a", 0), check("b", 4)]) == start + "2 checks were made, FAILED: b")
  }

  @Test func migrationsAndCourses() {
    #expect(MigrationText.applied([]) == "nothing to apply\n")
    #expect(
      MigrationText.applied([.applied("0001_core"), .dropped("functions/old")])
        == "applied 0001_core\ndropped functions/old\n")
    #expect(
      MigrationText.status([
        SchemaStatus(name: "0001_core", state: .applied), SchemaStatus(name: "functions/store", state: .missing),
        SchemaStatus(name: "functions/old", state: .redefined),
      ]) == "applied    0001_core\nmissing    functions/store\nredefined  functions/old\n")
    #expect(MigrationText.advice([SchemaStatus(name: "0001_core", state: .applied)]) == nil)
    for state in [SchemaStatus.State.missing, .outdated, .redefined, .surplus] {
      let advice = MigrationText.advice([
        SchemaStatus(name: "0001_core", state: .applied), SchemaStatus(name: "functions/store", state: state),
      ])
      #expect(advice == "1 of 2 are not as this program has them; 'lectern migrate up' applies what it can\n")
    }
    #expect(
      CourseList.text([ReportedCourse(id: 3, title: "Statistics I", segments: 6)]) == "3\t6 segments\tStatistics I\n")
  }
}
