import Aggregation
import Analytics
import LogCapturing
import Persistence
import PostgresIO
import Services
import Telemetry
import TestSupport
import Testing

extension Database {
  /// Days of samples and old sums go, what they counted stays true, and nobody who ingests has to wait for it.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct ExpiryTests {
    typealias Fixture = AggregationFixture

    /// A fixture whose sessions lie on different days, with the partitions for them and a ledger for what it stores.
    private func fixture(_ database: TestDatabase, daysAgo: [Int], cohortMinimum: Int = 10) async throws -> Fixture {
      let fixture = try await Fixture(database, learners: daysAgo.count, cohortMinimum: cohortMinimum)
      try await fixture.owner.execute(
        """
        INSERT INTO lectern.ingest_ledger (cluster_id, topic, partition, consumer_group, first_offset, next_offset)
        VALUES ('c', 'frames', 0, 'lectern', 0, 0)
        """)
      for (index, days) in daysAgo.enumerated() {
        try await makePartition(daysAgo: days, fixture)
        try await fixture.owner.execute(
          "UPDATE lectern.session SET session_day = \(Self.day(days)) WHERE session_id = \(fixture.sessions[index])")
      }
      return fixture
    }

    private static func day(_ ago: Int) -> String { "((now() AT TIME ZONE 'UTC')::date - \(ago))" }

    private func makePartition(daysAgo: Int, _ fixture: Fixture) async throws {
      try await fixture.owner.execute(
        """
        DO $$ DECLARE v_day date := \(Self.day(daysAgo)); BEGIN
          IF to_regclass('lectern.emotion_sample_' || to_char(v_day, 'YYYYMMDD')) IS NULL THEN
            EXECUTE format('CREATE TABLE lectern.%I PARTITION OF lectern.emotion_sample FOR VALUES FROM (%L) TO (%L)',
              'emotion_sample_' || to_char(v_day, 'YYYYMMDD'), v_day, v_day + 1);
            EXECUTE format('ALTER TABLE lectern.%I OWNER TO lectern_migrator',
              'emotion_sample_' || to_char(v_day, 'YYYYMMDD'));
          END IF;
        END $$
        """)
    }

    /// Stores samples at offsets of their own, counted by the ledger.
    private func store(_ samples: [Fixture.Sample], _ fixture: Fixture) async throws {
      try await fixture.store(samples)
      try await fixture.owner.execute(
        """
        WITH place AS (SELECT session_day, session_id, seq, row_number() OVER (ORDER BY session_id, seq) - 1 AS n
                       FROM lectern.emotion_sample)
        UPDATE lectern.emotion_sample e SET log_offset = p.n FROM place p
        WHERE (e.session_day, e.session_id, e.seq) = (p.session_day, p.session_id, p.seq);
        UPDATE lectern.ingest_ledger SET samples = (SELECT count(*) FROM lectern.emotion_sample),
          next_offset = (SELECT count(*) FROM lectern.emotion_sample)
        """)
    }

    private func aggregator(
      _ fixture: Fixture, days: Int32 = 30, months: Int32 = 13, registry: MetricsRegistry = MetricsRegistry()
    ) -> Aggregator {
      var settings = fixture.settings
      (settings.sampleRetentionDays, settings.aggregateRetentionMonths) = (days, months)
      return Aggregator(
        postgres: fixture.database.settings(role: "lectern_aggregator"), settings: settings, logger: .silent,
        metrics: registry)
    }

    /// What does not hold, by the checks of `lectern verify`.
    private func violations(_ fixture: Fixture) async throws -> [String] {
      let connection = try await fixture.database.connect(role: "lectern_aggregator")
      let settings = fixture.settings
      let found = try await connection.withTransaction(.snapshot) { connection in
        try LogConsistency().prepare(on: connection)
        var found = try LogConsistency().run(on: connection).checks.filter { $0.outcome == .failed }.map(\.name)
        if !(try RollupVerification(settings: settings).report(on: connection).isConsistent) { found.append("rollups") }
        return found
      }
      await connection.close()
      return found
    }

    private func samples(learners: Int) -> [Fixture.Sample] {
      (0..<learners).flatMap {
        Fixture.steady(learner: $0, probabilities: [7000, 1000, 500, 500, 500, 500], count: 12)
      }
    }

    @Test func daysOfSamplesGoTheirSumsFreezeAndTheLedgerStillAddsUp() async throws {
      try await withTestDatabase { database in
        let fixture = try await fixture(database, daysAgo: [0, 10, 15, 30, 31, 40])
        try await store(samples(learners: 6), fixture)
        let frozen = """
          SELECT sum(hashtext(s::text))::bigint FROM lectern.session_segment_sum s WHERE session_day < \(Self.day(30))
          """
        let registry = MetricsRegistry()
        let counts = try await aggregator(fixture, registry: registry).runOnce()
        // 31 and 40 days ago; 30 days are kept.
        #expect(counts.samplesExpired == 24)
        #expect(registry.prometheusText().contains("lectern_aggregate_samples_expired_total 24"))
        #expect(try await fixture.number("SELECT count(*) FROM lectern.emotion_sample") == 48)
        #expect(try await fixture.number("SELECT expired FROM lectern.ingest_ledger") == 24)
        #expect(try await fixture.number("SELECT count(DISTINCT session_id) FROM lectern.session_segment_sum") == 6)
        #expect(try await violations(fixture) == [])
        let report = try await fixture.verify()
        #expect((report.sessionsFrozen, report.sessionsRecomputed) == (2, 4))

        // A course edit dirties what is alive; frozen sums are neither dirtied nor touched.
        let before = try await fixture.number(frozen)
        try await fixture.owner.execute(
          "UPDATE lectern.segment SET media_start_ms = 500 WHERE ordinal = 1; SELECT lectern.dirty_sessions(\(fixture.course), NULL)"
        )
        #expect(try await fixture.number("SELECT count(*) FROM lectern.rollup_dirty") == 4)
        // Even a dirty entry that came late leaves them as they are.
        try await fixture.owner.execute(
          "INSERT INTO lectern.rollup_dirty SELECT course_id, session_day, session_id FROM lectern.session")
        try await aggregator(fixture).runOnce()
        #expect(try await fixture.number(frozen) == before)
        #expect(try await fixture.number("SELECT count(DISTINCT session_id) FROM lectern.session_segment_sum") == 6)
        #expect(try await violations(fixture) == [])

        // However short samples are to be kept, days that may take frames stay: 14 days back, and one for midnight.
        #expect(try await aggregator(fixture, days: 1).runOnce().samplesExpired == 12)
        #expect(try await fixture.number("SELECT min(\(Self.day(0)) - session_day) FROM lectern.emotion_sample") == 0)
        #expect(try await fixture.number("SELECT max(\(Self.day(0)) - session_day) FROM lectern.emotion_sample") == 15)
        #expect(try await fixture.number("SELECT expired FROM lectern.ingest_ledger") == 36)
        #expect(try await violations(fixture) == [])
        await fixture.owner.close()
      }
    }

    /// A report names the models behind its figures, also when the samples they measured have gone.
    @Test func figuresGoOnNamingTheirModels() async throws {
      try await withTestDatabase { database in
        let fixture = try await fixture(database, daysAgo: [40, 45])
        try await store(samples(learners: 2), fixture)
        try await fixture.owner.execute(
          """
          INSERT INTO lectern.model (hash, labels, trained)
          SELECT repeat(d, 64), '{a,b,c,d,e,f}', false FROM unnest(ARRAY['a', 'b', 'c']) WITH ORDINALITY t (d, o) ORDER BY o;
          UPDATE lectern.emotion_sample SET model_id = 2 WHERE session_id = \(fixture.sessions[1])
          """)
        let models = "SELECT count(*) FROM lectern.course_models(\(fixture.course)) WHERE hash ~ '^[ab]'"
        #expect(try await fixture.number(models) == 2)
        try await aggregator(fixture).runOnce()
        #expect(try await fixture.number("SELECT count(*) FROM lectern.emotion_sample") == 0)
        #expect(try await fixture.number(models) == 2)
        #expect(try await fixture.number("SELECT count(*) FROM lectern.course_models(\(fixture.course))") == 2)
        // Until no figure is left.
        try await aggregator(fixture, months: 1).runOnce()
        #expect(try await fixture.number("SELECT count(*) FROM lectern.session_segment_sum") == 0)
        #expect(try await fixture.number("SELECT count(*) FROM lectern.course_model") == 0)
        await fixture.owner.close()
      }
    }

    /// A day waits while its sessions are to be computed, or its sums would freeze unfinished.
    @Test func aDayWithDirtySessionsStays() async throws {
      try await withTestDatabase { database in
        let fixture = try await fixture(database, daysAgo: [40, 50])
        try await store(samples(learners: 2), fixture)
        try await fixture.owner.execute("DELETE FROM lectern.rollup_dirty WHERE session_id = \(fixture.sessions[0])")
        let connection = try await database.connect(role: "lectern_aggregator")
        let store = RollupStore()
        let first = try await connection.withTransaction { try store.expireSamples(keepDays: 30, on: $0)?.removed }
        #expect(first == 12)
        let second = try await connection.withTransaction { try store.expireSamples(keepDays: 30, on: $0)?.removed }
        #expect(second == nil)
        #expect(try await fixture.number("SELECT count(*) FROM lectern.emotion_sample") == 12)
        await connection.close()
        await fixture.owner.close()
      }
    }

    /// Beside a long read expiry gives way at its lock timeout, so that stores end though the read goes on; later it
    /// succeeds.
    @Test func expiryGivesWayToReadersAndHoldsNobodyUp() async throws {
      try await withTestDatabase { database in
        let fixture = try await fixture(database, daysAgo: [0, 40])
        try await store(samples(learners: 2), fixture)
        let reader = try await database.connect()
        try await reader.execute("BEGIN; SELECT count(*) FROM lectern.emotion_sample")
        let registry = MetricsRegistry()
        let begin = ContinuousClock.now
        async let counts = aggregator(fixture, registry: registry).runOnce()
        // Somebody stores all the while.
        let writer = try await database.connect()
        var sequence: Int32 = 100
        while !registry.prometheusText().contains("lectern_aggregate_expiry_deferrals_total 1"),
          begin.duration(to: .now) < .seconds(60)
        {
          try await fixture.store(
            [
              Fixture.Sample(
                learner: 0, milliseconds: Int64(sequence) * 100, sequence: sequence, media: nil, probabilities: nil)
            ], on: writer)
          sequence += 1
        }
        // Every store above ended, and none waited longer than this.
        let bounded = "proname = 'expire_samples' AND 'lock_timeout=200ms' = ANY (proconfig)"
        #expect(try await fixture.number("SELECT count(*) FROM pg_proc WHERE \(bounded)") == 1)
        #expect(try await counts.samplesExpired == 0)
        #expect(registry.prometheusText().contains("lectern_aggregate_expiry_deferrals_total 1"))
        #expect(try await fixture.number("SELECT expired FROM lectern.ingest_ledger") == 0)
        try await reader.execute("COMMIT")
        try await aggregator(fixture).runOnce()
        #expect(try await fixture.number("SELECT expired FROM lectern.ingest_ledger") == 12)
        await writer.close()
        await reader.close()
        await fixture.owner.close()
      }
    }

    /// A snapshot that verify reads keeps its days: what it counts and what it reads are of one moment.
    @Test func aSnapshotKeepsItsDays() async throws {
      try await withTestDatabase { database in
        let fixture = try await fixture(database, daysAgo: [0, 40])
        try await store(samples(learners: 2), fixture)
        try await aggregator(fixture, days: 100).runOnce()
        let (other, owner) = (try await database.connect(role: "lectern_aggregator"), fixture.owner)
        let looker = try await database.connect(role: "lectern_aggregator")
        try await looker.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try await LogConsistency().prepare(on: looker)
        let error = await #expect(throws: PostgresError.self) {
          try await other.withTransaction { try RollupStore().expireSamples(keepDays: 30, on: $0)?.removed }
        }
        #expect(error?.code.rawValue == "55P03" && error?.isTransient == true)
        let checks = try await LogConsistency().run(on: looker).checks
        #expect(checks.allSatisfy { $0.outcome == .ok }, "\(checks)")
        try await looker.execute("COMMIT")
        let removed = try await other.withTransaction { try RollupStore().expireSamples(keepDays: 30, on: $0)?.removed }
        #expect(removed == 12)
        await looker.close()
        await other.close()
        await owner.close()
      }
    }

    /// Sums, metrics, released figures, reports and sessions go with their age; what is younger stays and is computed
    /// of the rest.
    @Test func whatIsComputedGoesAfterItsAge() async throws {
      try await withTestDatabase { database in
        let old = [Int](repeating: 430, count: 6)
        let fixture = try await fixture(database, daysAgo: old + [40, 40, 40, 40, 40, 0], cohortMinimum: 5)
        try await store(samples(learners: 12), fixture)
        // Kept for long at first, so that figures are released of all twelve.
        try await aggregator(fixture, months: 120).runOnce()
        try await aggregator(fixture, months: 120).runOnce(closingPeriods: true)
        let shown = "SELECT coalesce(max(learners), 0)::bigint FROM lectern.released_segment"
        #expect(try await fixture.number(shown) == 10)
        #expect(try await fixture.number("SELECT count(*) FROM lectern.session") == 12)
        try await fixture.owner.execute(
          """
          INSERT INTO lectern.report_run (course_id, made_at, cohort_minimum, weights_version, format_version, document)
          SELECT \(fixture.course), now() - days * interval '1 day', 10, 1, 1, '{}' FROM unnest(ARRAY[1, 430]) days
          """)
        let counts = try await aggregator(fixture).runOnce()
        #expect(counts.sumsExpired > 6 && counts.sessionsExpired == 6)
        #expect(try await fixture.number("SELECT count(DISTINCT learner) FROM lectern.session_segment_sum") == 6)
        #expect(try await fixture.number("SELECT count(DISTINCT learner) FROM lectern.session_minute_sum") == 6)
        #expect(try await fixture.number("SELECT count(DISTINCT learner) FROM lectern.learner_segment_metric") == 6)
        #expect(try await fixture.number("SELECT count(DISTINCT learner) FROM lectern.release_contribution") == 6)
        #expect(try await fixture.number("SELECT max(learners)::bigint FROM lectern.segment_metric") == 6)
        #expect(try await fixture.number(shown) == 5)
        #expect(try await fixture.number("SELECT count(*) FROM lectern.session") == 6)
        #expect(try await fixture.number("SELECT count(*) FROM lectern.report_run") == 1)
        #expect(try await violations(fixture) == [])
        // A second look finds nothing more.
        #expect(try await aggregator(fixture).runOnce().sumsExpired == 0)
        await fixture.owner.close()
      }
    }

    /// Where something is dirty at every moment, what is too old goes all the same, and so does what an erasure covers.
    @Test(.timeLimit(.minutes(2))) func nothingWaitsForAQuietMoment() async throws {
      try await withTestDatabase { database in
        let fixture = try await fixture(database, daysAgo: [0, 40, 0])
        try await store(samples(learners: 3), fixture)
        // Whoever takes this session's dirty entry finds it there again, as beside a writer that is never late.
        try await fixture.owner.execute(
          """
          CREATE FUNCTION public.keep_dirty() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
            INSERT INTO lectern.rollup_dirty (course_id, session_day, session_id)
            VALUES (old.course_id, old.session_day, old.session_id) ON CONFLICT DO NOTHING;
            RETURN NULL;
          END $$;
          CREATE TRIGGER keep_dirty AFTER DELETE ON lectern.rollup_dirty FOR EACH ROW
            WHEN (old.session_id = \(fixture.sessions[0])) EXECUTE FUNCTION public.keep_dirty()
          """)
        var settings = fixture.settings
        settings.expiryInterval = .milliseconds(100)
        let aggregator = Aggregator(
          postgres: database.settings(role: "lectern_aggregator"), settings: settings, logger: .silent,
          metrics: MetricsRegistry())
        let shutdown = GracefulShutdown()
        let running = GracefulShutdown.$current.withValue(shutdown) { Task { try await aggregator.run() } }
        #expect(try await comes("SELECT count(*) FROM lectern.ingest_ledger WHERE expired = 12", fixture))
        try await fixture.owner.execute(
          "SELECT lectern.erase_learner(learner) FROM lectern.session WHERE session_id = \(fixture.sessions[2])")
        #expect(
          try await comes(
            """
            SELECT count(*) FROM lectern.erasure WHERE NOT pending AND forgotten_at IS NOT NULL AND NOT EXISTS (
              SELECT FROM lectern.session WHERE session_id = \(fixture.sessions[2]))
            """, fixture))
        #expect(try await fixture.number("SELECT count(*) FROM lectern.rollup_dirty") == 1)
        shutdown.trigger()
        try await running.value
        await fixture.owner.close()
      }
    }

    /// Whether a number that a statement tells becomes 1 within half a minute.
    private func comes(_ sql: String, _ fixture: Fixture) async throws -> Bool {
      let end = ContinuousClock.now + .seconds(30)
      while ContinuousClock.now < end {
        if try await fixture.number(sql) == 1 { return true }
        try await Task.sleep(for: .milliseconds(50))
      }
      return false
    }

    /// A day may take longer to count than any other statement may, and only samples in use are no reason to warn.
    @Test func aDayThatTakesLongGoesAllTheSame() async throws {
      try await withTestDatabase { database in
        let fixture = try await fixture(database, daysAgo: [40])
        try await store(samples(learners: 1), fixture)
        func slow(_ statement: String) -> String {
          """
          CREATE OR REPLACE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF new.expired > old.expired THEN \(statement); END IF;
            RETURN new;
          END $$;
          CREATE OR REPLACE TRIGGER slow BEFORE UPDATE ON lectern.ingest_ledger FOR EACH ROW EXECUTE FUNCTION public.slow()
          """
        }
        let sink = CapturingLogSink()
        var postgres = database.settings(role: "lectern_aggregator")
        postgres.statementDeadline = .seconds(3)
        let aggregator = Aggregator(
          postgres: postgres, settings: fixture.settings, logger: Logger(label: "test", level: .info, sink: sink),
          metrics: MetricsRegistry())
        try await fixture.owner.execute(slow("RAISE SQLSTATE '57014'"))
        #expect(try await aggregator.runOnce().samplesExpired == 0)
        #expect(sink.entries.map(\.level) == [.warning], "\(sink.entries)")
        try await fixture.owner.execute(slow("PERFORM pg_sleep(5)"))
        #expect(try await aggregator.runOnce().samplesExpired == 12)
        #expect(try await violations(fixture) == [])
        await fixture.owner.close()
      }
    }

    /// What the LMS said of a session nobody consented to, or came to, goes with its age.
    @Test func declarationsWithoutASessionGo() async throws {
      try await withTestDatabase { database in
        let fixture = try await fixture(database, daysAgo: [0])
        try await fixture.owner.execute(
          """
          INSERT INTO lectern.session_declaration (source_id, external_id, title, event_time, event_id, updated_at)
          SELECT s.source_id, d.name, 'title', now() - interval '500 days', d.name, now() - d.age * interval '1 day'
          FROM lectern.source s, (VALUES ('old', 430), ('young', 300), ('session 1', 430)) d (name, age)
          """)
        try await aggregator(fixture).runOnce()
        let left = try await fixture.owner.query(
          "SELECT string_agg(external_id, ',' ORDER BY external_id) FROM lectern.session_declaration"
        ).single().decode(at: 0, as: String.self)
        #expect(left == "session 1,young")
        await fixture.owner.close()
      }
    }

    /// The erasure of a learner reaches sums whose samples have expired.
    @Test func anErasureReachesFrozenSums() async throws {
      try await withTestDatabase { database in
        let fixture = try await fixture(database, daysAgo: [40, 40, 0])
        try await store(samples(learners: 3), fixture)
        try await aggregator(fixture).runOnce()
        #expect(try await fixture.number("SELECT expired FROM lectern.ingest_ledger") == 24)
        try await fixture.owner.execute(
          "SELECT lectern.erase_learner(learner) FROM lectern.session WHERE session_id = \(fixture.sessions[0])")
        try await aggregator(fixture).runOnce()
        let left = "SELECT count(DISTINCT session_id) FROM lectern.session_segment_sum"
        #expect(try await fixture.number(left) == 2)
        #expect(
          try await fixture.number(
            "SELECT count(*) FROM lectern.session_segment_sum WHERE session_id = \(fixture.sessions[0])") == 0)
        #expect(try await fixture.number("SELECT erased FROM lectern.ingest_ledger") == 0)
        #expect(try await violations(fixture) == [])
        await fixture.owner.close()
      }
    }
  }
}
