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

  private func json(_ value: some Encodable) throws -> String {
    let console = MemoryConsole()
    try console.environment.console.print(json: value)
    return console.output.text
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
      try json(AuditPage([entries[1]], limit: 2))
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
      try json([lines[1]])
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
      try json(RejectPage(records: Array(records.prefix(1)), limit: 2)) == """
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
      try json(RetryAnswer(report)) == """
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
    #expect(try json(holding).hasPrefix(#"{"at":"2025-11-24T16:00:00Z","checks":[{"compares":"sums and offsets","#))
    // The operators' page describes the whole object.
    let page = try String(contentsOf: repository.appending(path: "docs/operations.md"), encoding: .utf8)
    let begin = try #require(page.firstRange(of: "\nThe object has `ok`")).lowerBound
    let end = try #require(page[begin...].firstRange(of: "\n\n")).lowerBound
    let object = try #require(try JSONSerialization.jsonObject(with: Data(json(report).utf8)) as? [String: Any])
    var names = Set(object.keys)
    for part in ["counts", "lag"] { names.formUnion(try #require(object[part] as? [String: Any]).keys) }
    #expect(names.count >= 15)
    for name in names { #expect(page[begin..<end].contains("`\(name)`"), "docs/operations.md lacks \(name)") }
  }

  @Test func whatTheDoctorSaysOfTopics() {
    func finding(
      _ subject: String, _ settings: [String: String]?, beside frames: [String: String]? = nil
    ) -> Finding {
      TopicFinding(
        subject: subject, topic: "t", partitions: 6, settings: settings.map { TopicSettings($0) },
        frames: frames.map { TopicSettings($0) }
      ).finding
    }
    let (frames, control) = (TopicSettings.recommendedForFrames, TopicSettings.recommendedForControl)
    #expect(finding("frame topic", frames) == .good("frame topic", "t, 6 partitions, kept for up to 4 days"))
    #expect(
      finding("control topic", control, beside: frames)
        == .good("control topic", "t, 6 partitions, kept for up to 29 days"))
    #expect(finding("frame topic", nil).state == .warning)
    func of(_ more: [String: String], _ base: [String: String] = frames) -> [String: String] {
      base.merging(more) { $1 }
    }
    #expect(finding("frame topic", of(["cleanup.policy": "compact,delete"])).detail.contains("compacted"))
    #expect(finding("frame topic", of(["max.message.bytes": "1048588"])).remedy == "set max.message.bytes=16777216")
    // What nobody will read any more, and what an erased learner leaves.
    let remedy = "set retention.ms=259200000 and segment.ms=86400000"
    for tooLong in [["retention.ms": "-1"], ["segment.ms": "1209600000"], ["retention.ms": "1209600001"]] {
      let found = finding("frame topic", of(tooLong))
      #expect(found.remedy == remedy && found.detail.contains("pictures stay longer than the 14 days"), "\(found)")
    }
    #expect(finding("frame topic", of(["retention.ms": "604800000", "segment.ms": "604800000"])).state == .good)
    for tooLong in [["retention.ms": "-1"], ["retention.ms": "2678400001"], ["segment.ms": "604800000"]] {
      let found = finding("control topic", of(tooLong, control), beside: frames)
      #expect(
        found.remedy == "set retention.ms=2419200000 and segment.ms=86400000"
          && found.detail.contains("those of erased learners too"), "\(found)")
    }
    let short = finding("control topic", of(["retention.ms": "86400000"], control), beside: frames)
    #expect(short.detail.contains("consents go before the frames that they cover"), "\(short)")
    // Kafka counts a record's age from the time it carries.
    let clocks = ["message.timestamp.type": "CreateTime", "message.timestamp.after.max.ms": "9223372036854775807"]
    #expect(finding("frame topic", of(clocks)).remedy == "set message.timestamp.type=LogAppendTime")
    #expect(
      finding("frame topic", of(clocks).merging(["message.timestamp.after.max.ms": "3600000"]) { $1 }).state == .good)
    // More than one thing at once.
    let both = finding("frame topic", of(["retention.ms": "-1", "max.message.bytes": "1048588"]))
    #expect(both.remedy == "\(remedy), max.message.bytes=16777216")
  }

  @Test func whatTheDoctorSaysOfRetention() throws {
    func finding(_ change: (inout RetentionFacts) -> Void = { _ in }) throws -> Finding {
      var facts = RetentionFacts(
        today: try #require(CalendarDay(year: 2026, month: 11, day: 30)),
        oldestSample: CalendarDay(year: 2026, month: 10, day: 31),
        oldestSum: CalendarDay(year: 2025, month: 10, day: 30),
        firstSumDay: try #require(CalendarDay(year: 2025, month: 10, day: 30)), sampleDays: 30)
      change(&facts)
      return facts.finding
    }
    #expect(
      try finding()
        == .good(
          "retention",
          "oldest samples of 2026-10-31, which go on 2026-12-01; oldest sums of 2025-10-30, kept from 2025-10-30 on"))
    // On the day that they go, nobody is late yet.
    #expect(try finding { $0.oldestSample = CalendarDay(year: 2026, month: 10, day: 30) }.state == .good)
    let late = try finding { $0.oldestSample = CalendarDay(year: 2026, month: 10, day: 29) }
    #expect(late.state == .warning && late.remedy?.contains("lectern aggregate") == true, "\(late)")
    #expect(try finding { $0.oldestSum = CalendarDay(year: 2025, month: 10, day: 28) }.state == .warning)
    #expect(
      try finding { ($0.oldestSample, $0.oldestSum) = (nil, nil) } == .good("retention", "no samples; no sums"))
  }

  @Test func whatTheDoctorSaysOfADatabase() {
    func findings(_ change: (inout DatabaseFacts) -> Void = { _ in }) -> [String: Finding] {
      var facts = DatabaseFacts(
        version: 150_014, login: "worker",
        roles: Dictionary(uniqueKeysWithValues: DatabaseRole.allCases.map { ($0, $0 == .ingest) }))
      change(&facts)
      return Dictionary(uniqueKeysWithValues: facts.findings.map { ($0.subject, $0) })
    }
    #expect(
      findings() == [
        "PostgreSQL version": .good("PostgreSQL version", "15.14"),
        "database roles": .good("database roles", "worker may take on lectern_ingest"),
        "database encoding": .good("database encoding", "UTF8"),
        "clocks": .good("clocks", "the server's is 0 ms ahead of this machine's"),
      ])
    let ascii = findings { $0.encoding = "SQL_ASCII" }["database encoding"]
    #expect(ascii?.state == .missing && ascii?.remedy?.contains("ENCODING 'UTF8'") == true)
    #expect(findings { $0.version = 140_000 }["PostgreSQL version"]?.state == .missing)
    #expect(findings { $0.version = 190_001 }["PostgreSQL version"]?.state == .warning)
    #expect(
      findings { $0.roles[.reader] = nil }["database roles"]
        == .missing(
          "database roles", "not there: lectern_reader",
          remedy: "'lectern migrate up' makes them, or an administrator does (docs/operations.md)"))
    #expect(
      findings { $0.roles[.ingest] = false }["database roles"]?.remedy
        == "GRANT the role of what it is to run, such as lectern_ingest, TO worker")
    #expect(findings { $0.isSuperuser = true }["database roles"]?.state == .warning)
    #expect(
      findings { $0.roles[.auditOwner] = true }["database roles"]?.remedy == "REVOKE lectern_audit_owner FROM worker")
    #expect(findings { $0.mayGiveAuditLogAway = true }["database roles"]?.state == .warning)
    #expect(findings { $0.mayCreateRoles = true }["database roles"]?.remedy == "ALTER ROLE worker NOCREATEROLE")
    #expect(
      findings {
        $0.mayCreateRoles = true
        $0.version = 160_002
      }["database roles"]?.state == .good)
    #expect(findings { $0.secretIsItsOwn = true }["pseudonym secret"]?.state == .good)
    #expect(findings { $0.secretIsItsOwn = false }["pseudonym secret"]?.state == .missing)
    #expect(
      findings { $0.clockDifference = .milliseconds(-2_500) }["clocks"]
        == .warning(
          "clocks", "the server's is 2500 ms behind this machine's", remedy: "have both set by the same time server"))
  }

  @Test func doctor() throws {
    let report = DoctorReport([
      .good("machine", "2 cores, 8.0 GB of memory"),
      .warning("deployment", "workers will not start", remedy: "name a region"),
    ])
    #expect(
      report.text == """
        ok    machine     2 cores, 8.0 GB of memory
        note  deployment  workers will not start
                        → name a region

        """)
    #expect(report.isGood)
    #expect(!DoctorReport([.missing("disk", "full", remedy: "free some")]).isGood)
    #expect(
      try json(report.findings)
        == #"[{"detail":"2 cores, 8.0 GB of memory","state":"good","subject":"machine"},{"detail":"workers will not "#
        + #"start","remedy":"name a region","state":"warning","subject":"deployment"}]"# + "\n")
  }

  @Test func interruptedWorkSaysWhatWasDone() throws {
    let whole = PublishSummary(published: 3, failed: 0, bytes: 30, seconds: 1.5)
    #expect(whole.text == "3 frames published, 30 bytes, 1.5 s\n")
    #expect(try !json(whole).contains("interrupted"))
    let part = PublishSummary(
      published: 3, failed: 1, bytes: 30, seconds: 1.5, interrupted: .init(wanted: 10, unanswered: 2))
    #expect(part.text == "interrupted: 3 of 10 frames published, 3 not acknowledged, 30 bytes, 1.5 s\n")
    #expect(try json(part).contains(#""interrupted":{"unanswered":2,"wanted":10}"#))

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
