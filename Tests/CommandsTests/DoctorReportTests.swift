import Commands
import Ingest
import KafkaIO
import LearningEvents
import Persistence
import Testing

/// What `lectern doctor` says, of facts that servers would have given.
@Suite struct DoctorReportTests {
  private let time = EventTime(microseconds: 1_764_000_000_000_000)

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
      try printedJSON(report.findings)
        == #"[{"detail":"2 cores, 8.0 GB of memory","state":"good","subject":"machine"},{"detail":"workers will not "#
        + #"start","remedy":"name a region","state":"warning","subject":"deployment"}]"# + "\n")
  }
}
