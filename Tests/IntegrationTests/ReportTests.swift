import Analytics
import LearningEvents
import Persistence
import PostgresIO
import Reports
import Telemetry
import TestSupport
import Testing

extension Database {
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct ReportTests {
    /// A course with three segments: released with 20 learners, released with 5, and not released; and one retired.
    static let seed = """
      INSERT INTO lectern.source (uri) VALUES ('https://lms.example');
      INSERT INTO lectern.course (source_id, external_id, title, teachers, event_time, event_id)
        SELECT source_id, 'c1', 'Calculus', '{ada,emmy}', now(), 'e1' FROM lectern.source;
      INSERT INTO lectern.course (source_id, external_id, title, teachers, event_time, event_id)
        SELECT source_id, 'c2', 'Algebra', '{emmy}', now(), 'e2' FROM lectern.source;
      INSERT INTO lectern.segment (course_id, external_id, title, ordinal, media_start_ms, media_end_ms, retired_at)
        SELECT course_id, 's' || n, 'Segment ' || n, n, n * 1000, n * 1000 + 1000, CASE n WHEN 4 THEN now() END
        FROM lectern.course, generate_series(1, 4) n WHERE external_id = 'c1';
      INSERT INTO lectern.released_segment
        SELECT g.course_id, g.segment_id, m.metric, 1, CASE g.ordinal WHEN 1 THEN 20 ELSE 5 END,
          100 * m.n, 0, 0, 0, 100 * m.n - 100, 100 * m.n + 100, '2026-11-23T10:00:00Z'
        FROM lectern.segment g, unnest(ARRAY['coverage', 'concentration', 'concentration_low', 'concentration_high',
          'engagement', 'on_task', 'interest', 'focused', 'distracted', 'curious', 'confused', 'tired', 'happy',
          'invented_later']) WITH ORDINALITY AS m(metric, n)
        WHERE g.ordinal <> 3;
      INSERT INTO lectern.released_segment
        SELECT course_id, NULL, 'coverage', 1, 20, 1, 0, 0, 0, 0, 2, '2026-11-24T10:00:00Z'
        FROM lectern.course WHERE external_id = 'c1';
      INSERT INTO lectern.released_minute
        SELECT r.course_id, r.segment_id, t, r.metric, 1, CASE t WHEN 2 THEN 5 ELSE 15 END, r.mean,
          '2026-11-25T10:00:00Z'
        FROM lectern.released_segment r, generate_series(0, 2) t WHERE r.segment_id IS NOT NULL;
      INSERT INTO lectern.ingest_ledger (cluster_id, topic, partition, consumer_group, first_offset, next_offset,
          samples, rejects, duplicates, applied)
        VALUES ('k', 'frames', 0, 'g', 0, 10, 7, 2, 1, 0), ('k', 'frames', 1, 'g', 0, 5, 5, 0, 0, 0),
          ('k', 'control', 0, 'g', 0, 9, 0, 1, 0, 8);
      """

    static func seeded(_ body: (TestDatabase, Int64) async throws -> Void) async throws {
      try await withTestDatabase { database in
        let owner = try await database.connect()
        try await owner.execute(seed)
        let id: Int64 = try await owner.query("SELECT course_id FROM lectern.course WHERE external_id = 'c1'").single()
          .decode(at: 0)
        try await body(database, id)
        await owner.close()
      }
    }

    @Test func releasedCellsOfTheCohortMinimumReachAReport() async throws {
      try await Self.seeded { database, course in
        let connection = try await database.connect(role: "lectern_aggregator")
        let repository = ReportsRepository(connection: connection, reader: .deployment)
        #expect(try await repository.courses().map(\.title) == ["Algebra", "Calculus"])
        let released = try #require(try await repository.released(course: course, cohortMinimum: 10))
        #expect(released.segments.map(\.ordinal) == [1, 2, 3])
        #expect(released.segments.map(\.metrics.count) == [13, 0, 0])
        #expect(released.segments[0].minutes.keys.sorted() == [0, 1])
        #expect(released.segments[0].metrics[.engagement]?.interval == 400...600)
        #expect(released.totals == IngestTotals(stored: 12, rejected: 2, duplicates: 1))
        #expect(released.released?.lowerBound == EventTime(rfc3339: "2026-11-23T10:00:00Z"))
        #expect(released.released?.upperBound == EventTime(rfc3339: "2026-11-25T10:00:00Z"))
        #expect(try await repository.released(course: course, cohortMinimum: 5)?.segments[1].metrics.count == 13)
        #expect(try await repository.released(course: -1, cohortMinimum: 5) == nil)
        await connection.close()
      }
    }

    /// While sessions wait for the aggregator the report says of when its figures are, and how many wait, rounded as
    /// all numbers of people are; whoever reads it has no other look at what waits.
    @Test(arguments: [(0, nil), (1, 0), (4, 0), (5, 5), (12, 10)] as [(Int, Int64?)])
    func whatWaitsToBeCountedIsSaid(waiting: Int, said: Int64?) async throws {
      try await Self.seeded { database, course in
        let owner = try await database.connect()
        try await owner.query(
          """
          INSERT INTO lectern.rollup_dirty (course_id, session_day, session_id, dirtied_at)
          SELECT $1, '2026-11-26', s, timestamptz '2026-11-26T10:00:00Z' + make_interval(mins => s + copy)
          FROM generate_series(1, $2) s, generate_series(0, 1) copy
          """, [.int8(course), .int4(Int32(waiting))])
        await owner.close()
        let connection = try await database.connect(role: "lectern_reader")
        let repository = ReportsRepository(connection: connection, reader: .deployment)
        let released = try #require(try await repository.released(course: course, cohortMinimum: 10))
        #expect(released.backlog?.sessions == said)
        #expect(released.backlog?.countedUntil == (waiting == 0 ? nil : EventTime(rfc3339: "2026-11-26T10:01:00Z")))
        let refused = await #expect(throws: PostgresError.self) {
          try await connection.query("SELECT count(*) FROM lectern.rollup_dirty")
        }
        #expect(refused?.code == .insufficientPrivilege)
        await connection.close()
      }
    }

    @Test func aTeacherSeesTheirOwnCoursesAlone() async throws {
      try await Self.seeded { database, course in
        let connection = try await database.connect(role: "lectern_web")
        let ada = ReportsRepository(connection: connection, reader: .teacher("ada"))
        #expect(try await ada.courses().map(\.title) == ["Calculus"])
        #expect(try await ada.released(course: course, cohortMinimum: 10)?.segments.first?.metrics.isEmpty == false)
        let other = ReportsRepository(connection: connection, reader: .teacher("mallory"))
        #expect(try await other.courses().isEmpty)
        #expect(try await other.released(course: course, cohortMinimum: 10) == nil)
        // The setting ends with its transaction, so a connection that goes back to a pool reads nothing more.
        let row = try await connection.query("SELECT count(*) FROM lectern.released_segment").single()
        #expect(try row.decode(at: 0, as: Int64.self) == 0)
        await connection.close()
      }
    }

    @Test func aReportIsKeptUntilItIsInvalid() async throws {
      try await Self.seeded { database, course in
        let pool = PostgresPool(database.settings(role: "lectern_aggregator"), capacity: 2, logger: .silent)
        let now = try #require(EventTime(rfc3339: "2026-11-23T10:00:42.5Z"))
        let source = DatabaseReportSource(
          pool: pool, reader: .deployment,
          context: ReportContext(
            deployment: .init(region: "CH", purpose: "demonstration"), framesAreSynthetic: true, cohortMinimum: 10),
          now: { now })
        #expect(try await source.courses().count == 2)
        let report = try #require(try await source.report(course: course))
        #expect(report.madeAt == "2026-11-23T10:00:00Z" && report.shownSegments.count == 1)
        #expect(try await source.record(report) > 0)
        let connection = try await database.connect(role: "lectern_aggregator")
        let repository = ReportsRepository(connection: connection, reader: .deployment)
        let kept = try #require(try await repository.latest(course: course))
        #expect(try kept.document == String(decoding: report.json(), as: UTF8.self))
        #expect(kept.cohortMinimum == 10 && kept.madeAt == EventTime(rfc3339: "2026-11-23T10:00:00Z"))
        #expect(try await repository.invalidate(course: course) == 1)
        #expect(try await repository.latest(course: course) == nil)
        await connection.close()
        await pool.close()
      }
    }

    @Test func theWebRoleReachesNothingElse() async throws {
      try await Self.seeded { database, _ in
        let connection = try await database.connect(role: "lectern_web")
        for statement in [
          "SELECT 1 FROM lectern.segment_metric", "SELECT 1 FROM lectern.learner_segment_metric",
          "SELECT 1 FROM lectern.emotion_sample", "SELECT 1 FROM lectern.ingest_ledger",
          "SELECT 1 FROM lectern.session",
          "INSERT INTO lectern.report_schedule (course_id, cadence, next_due) VALUES (1, 'daily', now())",
          "DELETE FROM lectern.report_run",
        ] {
          let error = await #expect(throws: PostgresError.self) { try await connection.query(statement) }
          #expect(error?.code.rawValue == "42501", "\(statement)")
        }
        await connection.close()
      }
    }

    /// `lectern serve` and `lectern report` log in as who reads what was released, of every course.
    @Test func theReaderReadsWhatWasReleasedAndNothingElse() async throws {
      try await Self.seeded { database, course in
        let connection = try await database.connect(role: "lectern_reader")
        let repository = ReportsRepository(connection: connection, reader: .deployment)
        #expect(try await repository.courses().count == 2)
        let released = try await repository.released(course: course, cohortMinimum: 10)
        #expect(released?.segments.map(\.metrics.count) == [13, 0, 0])
        let rights = try await connection.query(
          """
          SELECT format('%s %s', p.name, c.oid::regclass) AS item
          FROM pg_class c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES']) AS p (name)
          WHERE c.relnamespace IN ('lectern'::regnamespace, 'analytics'::regnamespace, 'audit'::regnamespace)
            AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
            AND (CASE WHEN c.relkind = 'S' THEN p.name IN ('SELECT', 'UPDATE') AND has_sequence_privilege(c.oid, p.name)
                 ELSE has_table_privilege(c.oid, p.name)
                   OR p.name <> 'DELETE' AND p.name <> 'TRUNCATE' AND has_any_column_privilege(c.oid, p.name) END)
          UNION ALL
          SELECT format('EXECUTE %s', f.proname) FROM pg_proc f
          WHERE f.pronamespace IN ('lectern'::regnamespace, 'audit'::regnamespace)
            AND has_function_privilege(f.oid, 'EXECUTE')
          ORDER BY 1
          """
        ).map { try $0.decode(at: 0, as: String.self) }
        #expect(
          rights == [
            "EXECUTE course_backlog", "EXECUTE course_interval", "EXECUTE course_models", "SELECT lectern.course",
            "SELECT lectern.ingest_total",
            "SELECT lectern.released_minute", "SELECT lectern.released_segment", "SELECT lectern.schema_definition",
            "SELECT lectern.schema_migration", "SELECT lectern.segment",
          ])
        await connection.close()
      }
    }

    @Test func theModelsOfACourseAreNamed() async throws {
      try await Self.seeded { database, course in
        let owner = try await database.connect()
        try await owner.execute(
          """
          INSERT INTO lectern.model (hash, labels, trained, evaluation)
            SELECT repeat(n::text, 64), array_fill('x'::text, ARRAY[6]), n = 1, jsonb_build_object('name', 'net ' || n)
            FROM generate_series(1, 2) n;
          INSERT INTO lectern.session (source_id, external_id, session_day, learner, course_id, frame_interval_ms)
            SELECT source_id, 'x', current_date, gen_random_uuid(), course_id, 1000
            FROM lectern.course WHERE external_id = 'c1';
          INSERT INTO lectern.emotion_sample (session_id, course_id, log_offset, captured_at, ingested_at, learner,
              session_day, seq, ledger_id, model_id, status, face_count, quality)
            SELECT s.session_id, s.course_id, 1, now(), now(), s.learner, s.session_day, 0, 1, m.model_id, 1, 0, 0
            FROM lectern.session s, lectern.model m WHERE m.hash LIKE '2%';
          """)
        let connection = try await database.connect(role: "lectern_web")
        let repository = ReportsRepository(connection: connection, reader: .teacher("ada"))
        let models = try await repository.released(course: course, cohortMinimum: 10)?.models
        #expect(
          models == [ReportedModel(id: ModelID(String(repeating: "2", count: 64)), name: "net 2", isTrained: false)])
        await connection.close()
        await owner.close()
      }
    }
  }
}
