import Analytics
import LearningEvents
import Persistence
import PostgresIO
import TestSupport
import Testing

extension Database {
  /// What runs for every batch and every dirty session finds its rows through indexes: in a database that was not
  /// analysed yet, or was while it was small, and in one of 100,000 samples; planned for the values at hand, and once
  /// for all values.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct PlanTests {
    typealias Fixture = PostgresIngestFixture

    enum Filling: CaseIterable {
      case unknown
      /// Analysed while there were a few rows: a plan for these would read all of many later.
      case few
      case many
    }

    @Test(arguments: Filling.allCases) func aBatchReadsNoWholeTable(_ filling: Filling) async throws {
      try await withTestDatabase { database in
        var fixture = try await Fixture(database, learners: 4)
        // Stored by another delivery, so that the batch meets it.
        _ = try await fixture.repository.store(fixture.batch([fixture.sample(offset: 0, sequence: 0)]))
        fixture.claim = try await fixture.repository.claim(Fixture.log(), group: Fixture.group, lowWatermark: 0).ledger
        // One learner's consent is withdrawn after the worker has judged.
        let early = fixture.noon.advanced(by: .seconds(-86_400))
        try await CourseRepository(connection: fixture.owner).apply([Fixture.consent(1, granted: false, at: early)])
        switch filling {
        case .unknown: break
        case .few: try await fixture.owner.execute("ANALYZE")
        case .many: try await fixture.owner.execute(Self.many, deadline: .seconds(300))
        }
        let plans = try await Plans(database)
        let repository = IngestRepository(connection: plans.connection)
        var offset: Int64 = 1
        for mode in Plans.modes {
          try await plans.connection.execute("SET plan_cache_mode = \(mode)")
          let keys = (0..<4).map { index in
            SessionKey(
              source: Fixture.source, courseID: "course-1", learner: Fixture.learner(index),
              sessionID: "session-\(index)")
          }
          _ = try await repository.resolve(keys)
          try await plans.expectNoWholeTable("resolve_sessions, \(mode)", atLeast: 1)

          _ = try await repository.storedCaptures(
            of: fixture.sessions.map { SampleKey(sessionDay: $0.day, sessionID: $0.id, sequence: 0) })
          try await plans.expectNoWholeTable("stored_frames, \(mode)", atLeast: 1)

          let first = Int32(offset)
          let result = try await repository.store(
            fixture.batch(
              [
                fixture.sample(offset: offset, sequence: 0), fixture.sample(offset: offset + 1, sequence: first),
                fixture.sample(offset: offset + 2, session: 1, sequence: first),
              ], rejects: [fixture.reject(offset: offset + 3)], from: offset))
          #expect(result == StoreResult(samples: 1, rejects: 2, duplicates: 1, consentLost: 1, sequenceReused: 0))
          offset += 4
          try await plans.expectNoWholeTable("store, \(mode)", atLeast: 10)

          // Courses are few and planned for; what is dirtied is found by the course or session at hand.
          try await CourseRepository(connection: plans.connection).apply([
            Fixture.course(at: early, title: "Systems"), Fixture.session(0, intervalMilliseconds: 2000, at: early),
          ])
          if filling != .few, mode == "force_custom_plan" {
            try await plans.expectNoWholeTable("apply_control, \(mode)", atLeast: 5)
          }
          _ = try await plans.take()
        }
        await plans.connection.close()
        await fixture.close()
      }
    }

    @Test func aPassOfTheAggregatorReadsNoWholeTable() async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database)
        try await fixture.owner.execute(Self.many, deadline: .seconds(300))
        let plans = try await Plans(database)
        let course = try await fixture.number(
          "SELECT min(course_id) FROM lectern.rollup_dirty WHERE course_id <> \(fixture.courseID)")
        for mode in Plans.modes {
          try await plans.connection.execute("SET plan_cache_mode = \(mode)")
          let read = try await plans.connection.withTransaction { connection in
            let store = RollupStore()
            let dirty = try store.takeDirtySessions(of: course, limit: 20, on: connection)
            let sessions = try store.sessions(of: course, only: dirty, on: connection)
            let segments = try store.course(course, on: connection)?.segments.map(\.key) ?? []
            var frames = 0
            for session in sessions.prefix(1) { frames += try store.frames(of: session, on: connection).count }
            let sums = try store.learnerSums(of: sessions.map(\.learner), in: course, on: connection)
            let minutes = try store.minuteSums(of: Array(segments.prefix(1)), in: course, on: connection)
            let metrics = try store.learnerMetrics(in: course, on: connection)
            let records = try store.releaseRecords(in: course, minutesOf: Array(segments.prefix(1)), on: connection)
            try store.replaceSums(of: dirty, in: course, with: [], minutes: [], on: connection)
            return [dirty.count, sessions.count, frames, sums.count, minutes.count, metrics.count, records.count]
          }
          #expect(read.allSatisfy { $0 > 0 }, "\(read)")
          try await plans.expectNoWholeTable("the aggregator, \(mode)", atLeast: 11)
        }
        await plans.connection.close()
        await fixture.close()
      }
    }

    /// 200 courses of 50 learners, a session of 10 samples each, and everything that derives from them: 350,000 rows,
    /// analysed.
    private static let many = """
      INSERT INTO lectern.course (source_id, external_id, title, event_time, event_id)
      SELECT 1, 'many ' || i, 'Many', now(), 'e' FROM generate_series(1, 200) i;
      INSERT INTO lectern.segment (course_id, external_id, title, ordinal, media_start_ms, media_end_ms)
      SELECT c.course_id, 's' || i, 'Segment', i, i * 120000, (i + 1) * 120000
      FROM lectern.course c, generate_series(1, 3) i WHERE c.external_id LIKE 'many %';
      INSERT INTO lectern.session (source_id, external_id, session_day, learner, course_id, frame_interval_ms)
      SELECT 1, 'many ' || c.course_id || ' ' || i, (now() AT TIME ZONE 'UTC')::date + i % 7 - 3,
        md5(c.course_id || ' ' || i)::uuid, c.course_id, 10000
      FROM lectern.course c, generate_series(1, 50) i WHERE c.external_id LIKE 'many %';
      CREATE TEMPORARY TABLE many AS SELECT * FROM lectern.session WHERE external_id LIKE 'many %';
      INSERT INTO lectern.session_declaration (source_id, external_id, event_time, event_id)
      SELECT source_id, external_id, now(), 'e' FROM many;
      INSERT INTO lectern.consent (learner, scope, granted, since, event_time, said_at, event_id)
      SELECT learner, 'analytics', true, now(), now(), now(), 'e' FROM many;
      INSERT INTO lectern.erasure (learner, reason, cutoff, ingested_until, pending, completed_at)
      SELECT learner, 'revocation', now() - interval '1 day', now() - interval '1 day', false, now() FROM many
      WHERE session_id % 10 = 0;
      INSERT INTO lectern.emotion_sample (session_id, course_id, log_offset, captured_at, ingested_at, learner,
        session_day, seq, ledger_id, model_id, status, face_count, quality)
      SELECT session_id, course_id, i, session_day + i * interval '10 s', now(), learner, session_day, i, 9, 1, 1, 0, 0
      FROM many, generate_series(0, 9) i;
      INSERT INTO lectern.ingest_reject (ledger_id, log_offset, code, rejected_at)
      SELECT 1, 1000000 + i, 'bad_image', now() FROM generate_series(1, 10000) i;
      INSERT INTO lectern.rollup_dirty (course_id, session_day, session_id)
      SELECT course_id, session_day, session_id FROM many WHERE session_id % 2 = 0;
      INSERT INTO lectern.session_segment_sum
      SELECT m.course_id, m.session_id, g.segment_id, m.learner, m.session_day, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
      FROM many m JOIN lectern.segment g USING (course_id);
      INSERT INTO lectern.session_minute_sum
      SELECT m.course_id, m.session_id, g.segment_id, m.learner, m.session_day, i, 1, 0, 0, 0, 0, 0, 0, 0, 0
      FROM many m JOIN lectern.segment g USING (course_id), generate_series(0, 1) i;
      INSERT INTO lectern.learner_segment_metric (course_id, segment_id, learner, weights_version, published, coverage)
      SELECT m.course_id, g.segment_id, m.learner, 1, false, 0 FROM many m JOIN lectern.segment g USING (course_id);
      INSERT INTO lectern.release_cell (course_id, segment_id, minute, shown, released_at)
      SELECT g.course_id, g.segment_id, nullif(i, -1), true, now() FROM lectern.segment g, generate_series(-1, 1) i;
      INSERT INTO lectern.release_contribution (course_id, segment_id, minute, learner, digest)
      SELECT m.course_id, g.segment_id, nullif(i, -1), m.learner, 0
      FROM many m JOIN lectern.segment g USING (course_id), generate_series(-1, 1) i;
      ANALYZE
      """
  }
}

/// A connection whose statements' plans are kept, those inside functions too.
private struct Plans {
  static let modes = ["force_custom_plan", "force_generic_plan"]
  /// Tables of few rows, whatever a deployment holds of frames and learners: reading all of them may be the best plan.
  private static let small = ["course", "segment", "source"]

  let connection: PostgresConnection

  init(_ database: TestDatabase) async throws {
    connection = try await database.connect()
    try await connection.execute(
      """
      LOAD 'auto_explain';
      SET auto_explain.log_min_duration = 0;
      SET auto_explain.log_nested_statements = on;
      SET auto_explain.log_level = notice
      """)
  }

  /// The plans since the last call.
  func take() async throws -> [String] {
    await connection.takeNotices().filter { $0.contains("plan:") }
  }

  /// No plan since the last call scans a table of Lectern's from end to end, and there are as many plans as there must
  /// be.
  func expectNoWholeTable(_ work: String, atLeast count: Int) async throws {
    let plans = try await take()
    #expect(plans.count >= count, "\(work): \(plans.count) plans")
    for plan in plans {
      let tables = plan.matches(of: #/Seq Scan on (\w+)/#).map { String($0.1) }
      #expect(tables.allSatisfy(Self.small.contains), "\(work): \(plan)")
    }
  }
}
