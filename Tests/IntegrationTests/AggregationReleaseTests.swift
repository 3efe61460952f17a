import Aggregation
import LogCapturing
import PostgresIO
import Services
import Telemetry
import TestSupport
import Testing

extension Database {
  /// What teachers and analysts may see of the rollups, and when it changes.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct AggregationReleaseTests {
    typealias Fixture = AggregationFixture

    static let focused: [Int16] = [10_000, 0, 0, 0, 0, 0]
    static let curious: [Int16] = [0, 0, 10_000, 0, 0, 0]

    func concentration(_ fixture: Fixture) async throws -> [Int64] {
      try await fixture.owner.query(
        "SELECT mean FROM lectern.released_segment WHERE metric = 'concentration' ORDER BY segment_id"
      ).map { try $0.decode(at: 0, as: Int64.self) }
    }

    @Test func nothingUnderTheCohortMinimumIsReleased() async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database, learners: 10)
        for learner in 0..<9 {
          try await fixture.store(Fixture.steady(learner: learner, probabilities: Self.focused))
        }
        try await fixture.aggregator().runOnce(closingPeriods: true)
        #expect(try await concentration(fixture).isEmpty)
        #expect(try await fixture.number("SELECT count(*) FROM lectern.segment_metric WHERE metric = 'interest'") == 3)
        #expect(try await fixture.number("SELECT count(*) FROM lectern.released_minute") == 0)

        try await fixture.store(Fixture.steady(learner: 9, probabilities: Self.focused))
        let counts = try await fixture.aggregator().runOnce()
        #expect(try await concentration(fixture) == [10_000, 10_000, 10_000])
        #expect(counts.cellsReleased == 3 + 6)
        #expect(try await fixture.number("SELECT count(DISTINCT minute) FROM lectern.released_minute") == 2)
        await fixture.owner.close()
      }
    }

    @Test func aReleasedCellWaitsForEnoughChangesOrThePeriodsEnd() async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database, learners: 20)
        for learner in 0..<20 {
          try await fixture.store(Fixture.steady(learner: learner, probabilities: Self.focused, count: 12))
        }
        // The first release came with the tenth learner or soon after; the period's end lets the rest in.
        try await fixture.aggregator().runOnce(closingPeriods: true)
        #expect(try await concentration(fixture) == [10_000])
        // Five learners come back and are seen otherwise: the rollup knows, the released cell does not.
        for learner in 0..<5 {
          try await fixture.store(
            Fixture.steady(learner: learner, probabilities: Self.curious, from: 120_000, count: 12).map { sample in
              var sample = sample
              sample.media = sample.milliseconds - 120_000
              return sample
            })
        }
        try await fixture.aggregator().runOnce()
        #expect(try await concentration(fixture) == [10_000])
        let mean = "SELECT mean FROM lectern.segment_metric WHERE metric = 'concentration'"
        // 15 at 1 and 5 at (1 + 0.67)/2 each: 0.95875.
        #expect(try await fixture.number(mean) == 9588)
        try await fixture.aggregator().runOnce(closingPeriods: true)
        #expect(try await concentration(fixture) == [9600])
        #expect(try await fixture.verify().isConsistent)
        await fixture.owner.close()
      }
    }

    @Test func anErasureReachesRollupsReleasesAndReports() async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database, learners: 10)
        for learner in 0..<10 {
          try await fixture.store(Fixture.steady(learner: learner, probabilities: Self.focused))
        }
        try await fixture.aggregator().runOnce()
        try await fixture.owner.query(
          """
          INSERT INTO lectern.report_run (course_id, made_at, cohort_minimum, weights_version, format_version, document)
          VALUES ($1, clock_timestamp(), 10, 1, 1, '{}')
          """, [.int8(fixture.course)])
        try await fixture.owner.query(
          "SELECT lectern.erase_learner(learner) FROM lectern.session WHERE session_id = $1",
          [.int8(fixture.sessions[3])])
        let counts = try await fixture.aggregator().runOnce()
        #expect(counts.samplesErased == 36)
        #expect(counts.cellsWithdrawn == 9)
        #expect(try await concentration(fixture).isEmpty)
        #expect(try await fixture.number("SELECT count(DISTINCT learner) FROM lectern.session_segment_sum") == 9)
        #expect(try await fixture.number("SELECT count(DISTINCT learner) FROM lectern.release_contribution") == 9)
        #expect(try await fixture.number("SELECT max(departed)::bigint FROM lectern.release_cell") == 1)
        #expect(
          try await fixture.number("SELECT count(*) FROM lectern.report_run WHERE invalidated_at IS NOT NULL") == 1)
        #expect(try await fixture.verify().isConsistent)
        await fixture.owner.close()
      }
    }

    /// What a running aggregator did stands in its log: what was released and withdrawn, that an erasure was carried
    /// out and how many samples it deleted; and all of it once more at the end. No learner is in it.
    @Test func theLogSaysWhatWasDone() async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database, learners: 10)
        for learner in 0..<10 {
          try await fixture.store(Fixture.steady(learner: learner, probabilities: Self.focused))
        }
        let log = CapturingLogSink()
        var settings = fixture.settings
        settings.activityInterval = .zero
        let aggregator = Aggregator(
          postgres: database.settings(role: "lectern_aggregator"), settings: settings,
          logger: Logger(label: "aggregate", sink: log), metrics: MetricsRegistry())
        func sum(_ key: String, of message: String) -> Int64 {
          log.entries.filter { $0.message == message }.reduce(0) { sum, entry in
            if case .int(let count)? = entry[key] { sum + count } else { sum }
          }
        }
        func wait(for key: String, of message: String) async throws {
          let deadline = ContinuousClock.now + .seconds(120)
          while sum(key, of: message) == 0 {
            guard ContinuousClock.now < deadline else {
              Issue.record("no line says \(key): \(log.messages)")
              return
            }
            try await Task.sleep(for: .milliseconds(20))
          }
        }
        let done = "figures were brought up to date"
        let shutdown = GracefulShutdown()
        let running = GracefulShutdown.$current.withValue(shutdown) { Task { try await aggregator.run() } }
        try await wait(for: "cells_released", of: done)
        try await fixture.owner.query(
          "SELECT lectern.erase_learner(learner) FROM lectern.session WHERE session_id = $1",
          [.int8(fixture.sessions[3])])
        try await wait(for: "cells_withdrawn", of: done)
        shutdown.trigger()
        try await running.value

        let erased = "erasures and revocations were carried out"
        #expect(sum("samples_deleted", of: erased) == 36 && sum("finished", of: erased) == 1)
        let lines = log.entries.filter { $0.message == done }
        #expect(!lines.isEmpty && lines.allSatisfy { $0.level == .info })
        for line in lines {
          let counts = line.metadata.map(\.value)
          #expect(counts.contains { $0 != .int(0) }, "a line of nothing")
        }
        let end = try #require(log.entries.last)
        #expect(end.message == "the aggregator ends")
        #expect(end["cells_withdrawn"] == .int(9) && end["samples_erased"] == .int(36) && end["erasures"] == .int(1))
        #expect(end["cells_released"] == .int(sum("cells_released", of: done)))
        #expect(end["sessions"] == .int(sum("sessions", of: done)))
        let learner = try await fixture.owner.query("SELECT learner::text FROM lectern.session LIMIT 1").single()
          .decode(at: 0, as: String.self)
        for entry in log.entries { #expect(!LogFormat.json.line(entry).contains(learner)) }
        await fixture.owner.close()
      }
    }

    @Test func frozenSumsStayUntilTheirLearnerIsErased() async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database, learners: 2)
        for learner in 0..<2 {
          try await fixture.store(Fixture.steady(learner: learner, probabilities: Self.focused))
        }
        try await fixture.aggregator().runOnce()
        let rows = "SELECT count(*) FROM lectern.session_segment_sum"
        #expect(try await fixture.number(rows) == 6)
        // The day's samples expire; a stray dirty entry must not empty the sums.
        try await fixture.owner.execute(
          """
          DO $$ BEGIN EXECUTE 'DROP TABLE lectern.emotion_sample_' || to_char((now() AT TIME ZONE 'UTC')::date, 'YYYYMMDD'); END $$;
          INSERT INTO lectern.rollup_dirty SELECT course_id, session_day, session_id FROM lectern.session;
          """)
        try await fixture.aggregator().runOnce()
        #expect(try await fixture.number(rows) == 6)
        let report = try await fixture.verify()
        #expect(report.isConsistent && report.sessionsFrozen == 2)
        try await fixture.owner.execute("SELECT lectern.erase_learner(learner) FROM lectern.session LIMIT 1")
        try await fixture.aggregator().runOnce()
        #expect(try await fixture.number(rows) == 3)
        #expect(try await fixture.number("SELECT count(*) FROM lectern.learner_segment_metric") == 3)
        await fixture.owner.close()
      }
    }

    @Test func everyRoleSeesWhatItMayAndNoMore() async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database, learners: 12)
        for learner in 0..<12 {
          try await fixture.store(Fixture.steady(learner: learner, probabilities: Self.focused))
        }
        try await fixture.aggregator().runOnce()

        let web = try await database.connect(role: "lectern_web")
        let released = "SELECT count(*) FROM lectern.released_segment"
        #expect(try await web.query(released).single().decode(at: 0, as: Int64.self) == 0)
        for (teacher, sees) in [("t1", true), ("t2", false), ("", false)] {
          let count = try await web.withTransaction { connection in
            try connection.query("SELECT set_config('lectern.teacher', $1, true)", [.text(teacher)])
            return try connection.query(released).single().decode(at: 0, as: Int64.self)
          }
          #expect((count > 0) == sees)
        }
        for table in ["session_segment_sum", "learner_segment_metric", "segment_metric", "release_contribution"] {
          await #expect(throws: PostgresError.self) { try await web.query("SELECT * FROM lectern.\(table)") }
        }
        await web.close()

        let analyst = try await database.connect(role: "lectern_analyst")
        let overview = try await analyst.query(
          "SELECT segment, learners, concentration::text, coverage::text FROM analytics.segment_overview ORDER BY ordinal"
        )
        #expect(try overview.map { try $0.decode("segment", as: String.self) } == ["s1", "s2", "s3"])
        #expect(try overview.allSatisfy { try $0.decode("learners", as: Int32.self) == 10 })
        let interest = try await analyst.query(
          "SELECT rank, cardinality(overlapping_segments)::bigint AS n FROM analytics.course_interest")
        #expect(try interest.map { try $0.decode("rank", as: Int64.self) } == [1, 1, 1])
        #expect(try interest.map { try $0.decode("n", as: Int64.self) } == [2, 2, 2])
        #expect(try await analyst.query("SELECT * FROM analytics.emotion_timeline").count == 6)
        await #expect(throws: PostgresError.self) { try await analyst.query(released) }
        await analyst.close()
        await fixture.owner.close()
      }
    }
  }
}
