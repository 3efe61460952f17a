import Aggregation
import Analytics
import LearningEvents
import Persistence
import PostgresIO
import Services
import TestSupport
import Testing

extension Database {
  /// The aggregator against a real database: rollups equal their recomputation, whoever computes them and when.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct AggregationTests {
    typealias Fixture = AggregationFixture

    @Test(arguments: [1, 2] as [UInt64]) func anyOrderOfArrivalGivesTheRecomputation(seed: UInt64) async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database, learners: 12)
        let samples = Fixture.random(learners: 12, each: 20, seed: seed)
        for start in stride(from: 0, to: samples.count, by: 70) {
          try await fixture.store(Array(samples[start..<min(start + 70, samples.count)]))
          try await fixture.aggregator().runOnce()
        }
        let report = try await fixture.verify()
        #expect(report.isConsistent)
        #expect(report.courses == 1)
        #expect((report.sessionsRecomputed, report.sessionsDirty) == (12, 0))
        #expect(report.sessionSums.compared > 12 && report.segmentMetrics.compared > 10)
        #expect(report.minuteSums.compared > 0 && report.learnerMetrics.compared > 12)

        // All at once, in a database of its own, gives the same numbers.
        let expected = try await digest(of: fixture)
        try await withTestDatabase { other in
          let whole = try await Fixture(other, learners: 12)
          try await whole.store(samples.reversed())
          try await whole.aggregator().runOnce()
          #expect(try await digest(of: whole) == expected)
          await whole.owner.close()
        }
        await fixture.owner.close()
      }
    }

    @Test func theVerificationSeesAWrongRow() async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database, learners: 3)
        try await fixture.store(Fixture.random(learners: 3, each: 10, seed: 5))
        try await fixture.aggregator().runOnce()
        try await fixture.owner.execute(
          "UPDATE lectern.session_segment_sum SET w_happy = w_happy + 100000000 WHERE ctid = (SELECT min(ctid) FROM lectern.session_segment_sum)"
        )
        let wrong = try await fixture.verify()
        #expect(!wrong.isConsistent)
        #expect(wrong.sessionSums.storedOnly == 1 && wrong.sessionSums.recomputedOnly == 1)
        // Sums of dirty sessions are left out and counted; that the metrics do not derive from them is seen even so.
        try await fixture.owner.execute(
          "INSERT INTO lectern.rollup_dirty SELECT course_id, session_day, session_id FROM lectern.session")
        let dirty = try await fixture.verify()
        #expect((dirty.sessionsRecomputed, dirty.sessionsDirty) == (0, 3))
        #expect(dirty.sessionSums.isEmpty && !dirty.learnerMetrics.isEmpty && !dirty.isConsistent)
        await fixture.owner.close()
      }
    }

    @Test func oneLateFrameIsWeighedWithItsNeighbours() async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database, learners: 1)
        let focused: [Int16] = [10_000, 0, 0, 0, 0, 0]
        var samples = Fixture.steady(learner: 0, probabilities: focused, count: 3)
        let late = samples.remove(at: 1)
        try await fixture.store(samples)
        try await fixture.aggregator().runOnce()
        let sum = "SELECT w_focused FROM lectern.session_segment_sum"
        #expect(try await fixture.number(sum) == 300_000_000)
        // 20 s were expected and seen, as two intervals; now the middle is known to be something else.
        try await fixture.store([
          Fixture.Sample(
            learner: 0, milliseconds: late.milliseconds, sequence: late.sequence, media: late.media,
            probabilities: [0, 10_000, 0, 0, 0, 0])
        ])
        let counts = try await fixture.aggregator().runOnce()
        #expect(counts.sessions == 1)
        #expect(try await fixture.number(sum) == 200_000_000)
        #expect(try await fixture.verify().isConsistent)
        await fixture.owner.close()
      }
    }

    /// A session's first samples come while a course edit is not committed yet, which cannot know of the session.
    @Test func aCourseEditReachesSessionsThatOpenBesideIt() async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database, learners: 2)
        try await fixture.store(Fixture.random(learners: 1, each: 10, seed: 3))
        try await fixture.aggregator().runOnce()
        let editor = try await database.connect()
        try await editor.execute(
          """
          BEGIN;
          UPDATE lectern.segment SET media_end_ms = media_end_ms - 60000 WHERE ordinal = 3;
          SELECT lectern.dirty_sessions(\(fixture.course), NULL)
          """)
        let steady = Fixture.steady(learner: 1, probabilities: [10_000, 0, 0, 0, 0, 0])
        try await fixture.store(steady)
        // It waits for the edit, or it would take the entry and compute with the course as it was.
        async let counts = fixture.aggregator().runOnce()
        try await database.waitUntilBlocked(by: editor)
        try await editor.execute("COMMIT")
        #expect(try await counts.sessions == 2)
        #expect(try await fixture.verify().isConsistent)
        await editor.close()
        await fixture.owner.close()
      }
    }

    @Test func twoAggregatorsLoseNothing() async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database, learners: 8)
        let samples = Fixture.random(learners: 8, each: 20, seed: 11)
        // One session at a time, so that the two would work on different sessions of the course if they could.
        // Two services poll and aggregate while two writers store single frames of the same sessions.
        let shutdown = GracefulShutdown()
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<2 {
            let aggregator = fixture.aggregator(sessionsPerTransaction: 1)
            group.addTask {
              try await GracefulShutdown.$current.withValue(shutdown) { try await aggregator.run() }
            }
          }
          try await withThrowingTaskGroup(of: Void.self) { writers in
            for writer in 0..<2 {
              writers.addTask {
                let connection = try await database.connect()
                for index in stride(from: writer, to: samples.count, by: 2) {
                  try await fixture.store([samples[index]], on: connection)
                }
                await connection.close()
              }
            }
            try await writers.waitForAll()
          }
          shutdown.trigger()
          try await group.waitForAll()
        }
        try await fixture.aggregator().runOnce()
        #expect(try await fixture.number("SELECT count(*) FROM lectern.emotion_sample") == Int64(samples.count))
        #expect(
          try await fixture.number(
            "SELECT sum(classified_frames + no_face_frames)::bigint FROM lectern.session_segment_sum")
            == Int64(samples.count))
        let report = try await fixture.verify()
        #expect(report.isConsistent && report.courses == 1)
        await fixture.owner.close()
      }
    }

    /// Whoever waits for a course takes, once it is free, what was stored meanwhile: the lock comes before the look.
    @Test func aWaitingAggregatorSeesWhatCameMeanwhile() async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database, learners: 1)
        let samples = Fixture.steady(learner: 0, probabilities: [10_000, 0, 0, 0, 0, 0], count: 4)
        try await fixture.store(Array(samples[..<2]))
        let holder = try await database.connect()
        try await holder.execute("BEGIN; SELECT lectern.lock_courses(ARRAY[\(fixture.course)])")
        async let counts = fixture.aggregator().runOnce()
        try await database.waitUntilBlocked(by: holder)
        try await fixture.store(Array(samples[2...]))
        try await holder.execute("COMMIT")
        #expect(try await counts.passes == 1)
        #expect(try await fixture.number("SELECT sum(classified_frames)::bigint FROM lectern.session_segment_sum") == 4)
        #expect(try await fixture.verify().isConsistent)
        await holder.close()
        await fixture.owner.close()
      }
    }

    /// A digest of every rollup. Two fresh databases give the same keys to the same fixture.
    private func digest(of fixture: Fixture) async throws -> String {
      let tables = ["session_segment_sum", "session_minute_sum", "learner_segment_metric", "segment_metric"]
      var digests: [String] = []
      for table in tables {
        let row = try await fixture.owner.query(
          "SELECT coalesce(md5(string_agg(t::text, ';' ORDER BY t::text)), 'empty') FROM lectern.\(table) t"
        ).single()
        digests.append(try row.decode(at: 0, as: String.self))
      }
      return digests.joined(separator: " ")
    }

    /// Frames of every ten seconds under an interval of one: the figures say nothing, and this says why, until the
    /// course declares its interval.
    @Test func anIntervalThatIsNotTheFramesIsSaid() async throws {
      try await withTestDatabase { database in
        let fixture = try await AggregationFixture(database, learners: 12)
        try await fixture.owner.execute("UPDATE lectern.session SET frame_interval_ms = 1000")
        for learner in 0..<12 {
          try await fixture.store(
            AggregationFixture.steady(learner: learner, probabilities: [10_000, 0, 0, 0, 0, 0]))
        }
        let counts = try await fixture.aggregator().runOnce()
        #expect(counts.intervalMismatches == 12)
        #expect(counts.newMismatches == [FramePace(observedMilliseconds: 10_000, declaredMilliseconds: 1000)])
        // One warning a course, however many passes it takes.
        try await fixture.owner.execute(
          "INSERT INTO lectern.rollup_dirty SELECT course_id, session_day, session_id FROM lectern.session")
        let once = try await fixture.aggregator().runOnce()
        #expect(once.intervalMismatches == 12 && once.newMismatches.isEmpty)
        let found = try await fixture.verify()
        #expect(found.isConsistent && (found.intervalMismatches, found.coursesWithMismatches) == (12, 1))
        func mismatch(minimum: Int) async throws -> FramePace? {
          let reader = try await database.connect(role: "lectern_reader")
          let course = try await ReportsRepository(connection: reader, reader: .deployment)
            .released(course: fixture.course, cohortMinimum: minimum)
          await reader.close()
          return course?.mismatch
        }
        #expect(try await mismatch(minimum: 10)?.observedMilliseconds == 10_000)
        // A learner of two sessions is one.
        try await fixture.owner.execute(
          """
          WITH another AS (
            INSERT INTO lectern.session (source_id, external_id, session_day, learner, course_id, frame_interval_ms)
            SELECT source_id, 'another', session_day, learner, course_id, frame_interval_ms
            FROM lectern.session LIMIT 1 RETURNING session_id, course_id)
          INSERT INTO lectern.interval_mismatch (session_id, course_id, observed_ms, declared_ms)
          SELECT session_id, course_id, 10000, 1000 FROM another
          """)
        #expect(try await fixture.number("SELECT count(*) FROM lectern.interval_mismatch") == 13)
        #expect(try await mismatch(minimum: 13) == nil)
        try await fixture.owner.execute("DELETE FROM lectern.session WHERE external_id = 'another'")
        // What the course declares counts for all of its sessions, those of before included, though no segment changes.
        let segments = (1...3).map { number in
          SegmentDefinition(
            id: SegmentID("s\(number)"), title: "Segment \(number)", ordinal: Int32(number),
            range: .media(
              startMilliseconds: Int64(number - 1) * 120_000, endMilliseconds: Int64(number) * 120_000))
        }
        try await CourseRepository(connection: fixture.owner).apply([
          ControlRow(
            .course(
              CourseEvent(
                eventID: "e2", source: "https://lms.example", time: EventTime(rfc3339: "2999-01-01T00:00:00Z")!,
                courseID: "calculus", title: "Calculus", segments: segments, frameIntervalMilliseconds: 10_000)),
            recordedAt: .latest, pseudonymizer: PostgresIngestFixture.pseudonymizer)
        ])
        let again = try await fixture.aggregator().runOnce()
        #expect(again.sessions == 12 && again.intervalMismatches == 0)
        #expect(try await mismatch(minimum: 10) == nil)
      }
    }
  }
}
