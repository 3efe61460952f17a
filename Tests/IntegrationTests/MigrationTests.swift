import LearningEvents
import Migrations
import Persistence
import PostgresIO
import Telemetry
import TestSupport
import Testing

extension Database {
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct MigrationTests {
    @Test func theSecondRunDoesNothing() async throws {
      try await withTestDatabase(migrated: false) { database in
        let connection = try await database.connect()
        let runner = MigrationRunner(connection: connection, logger: .silent)
        #expect(try await runner.status().allSatisfy { $0.state == .missing })
        let error = await #expect(throws: MigrationError.self) { try await runner.verify() }
        #expect(error == .pending(first: Migration.all[0].name, count: Migration.all.count))
        let names = Migration.all.map(\.name) + SchemaDefinition.all.map(\.name)
        // Said, and not done.
        #expect(try await runner.plan() == names.map { .applied($0) })
        #expect(try await runner.status().allSatisfy { $0.state == .missing })
        #expect(try await runner.up() == names.map { .applied($0) })
        #expect(try await runner.up().isEmpty)
        #expect(try await runner.plan().isEmpty)
        #expect(try await runner.status() == names.map { SchemaStatus(name: $0, state: .applied) })
        try await runner.verify()
        await connection.close()
      }
    }

    /// Ids and titles are any Unicode, and a database of another encoding has no place for some of them.
    @Test func anotherEncodingThanUTF8IsRefused() async throws {
      try await withTestDatabase(migrated: false) { database in
        let owner = try await database.connect()
        let name = "\(database.name)_ascii"
        try await owner.execute("CREATE DATABASE \(name) ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
        var settings = database.settings()
        settings.database = name
        let connection = try await PostgresConnection.open(settings, logger: .silent)
        let error = await #expect(throws: MigrationError.self) {
          try await MigrationRunner(connection: connection, logger: .silent).up()
        }
        #expect(error == .encoding("SQL_ASCII"))
        #expect(
          error?.description.contains("SQL_ASCII") == true && error?.description.contains("ENCODING 'UTF8'") == true)
        await connection.close()
        try await owner.execute("DROP DATABASE \(name)")
        await owner.close()
      }
    }

    @Test func anAlteredMigrationIsRefusedByName() async throws {
      try await withTestDatabase { database in
        let connection = try await database.connect()
        var list = Migration.all
        list[1] = Migration(version: 2, name: list[1].name, bytes: list[1].bytes + Array("-- more\n".utf8))
        let runner = MigrationRunner(connection: connection, migrations: list, logger: .silent)
        let error = await #expect(throws: MigrationError.self) { try await runner.up() }
        #expect(error == .altered(name: list[1].name))
        await connection.close()
      }
    }

    /// As of the migrations before the first release, which were others under the same numbers.
    @Test func aSchemaOfOtherMigrationsIsRefused() async throws {
      try await withTestDatabase { database in
        let connection = try await database.connect()
        try await connection.execute("UPDATE lectern.schema_migration SET name = '0001_core' WHERE version = 1")
        let runner = MigrationRunner(connection: connection, logger: .silent)
        for call in [runner.verify, { _ = try await runner.up() }] {
          let error = await #expect(throws: MigrationError.self) { try await call() }
          #expect(error == .foreign(applied: "0001_core", expected: Migration.all[0].name))
        }
        await connection.close()
      }
    }

    @Test func aNewerSchemaIsRefusedByName() async throws {
      try await withTestDatabase { database in
        let connection = try await database.connect()
        let runner = MigrationRunner(
          connection: connection, migrations: Array(Migration.all.dropLast()), logger: .silent)
        let last = Migration.all[Migration.all.count - 1]
        let error = await #expect(throws: MigrationError.self) { try await runner.verify() }
        #expect(error == .newer(version: last.version, name: last.name))
        await connection.close()
      }
    }

    @Test func aFailingMigrationIsUndoneAndNamed() async throws {
      try await withTestDatabase { database in
        let connection = try await database.connect()
        let next = Int32(Migration.all.count + 1)
        let bad = Migration(
          version: next, name: "9999_bad", bytes: Array("CREATE TABLE lectern.half (); SELECT 1/0;".utf8))
        let good = Migration(version: next, name: "9998_good", bytes: Array("CREATE TABLE lectern.half ();".utf8))
        let runner = MigrationRunner(connection: connection, migrations: Migration.all + [bad], logger: .silent)
        let error = await #expect(throws: MigrationError.self) { try await runner.up() }
        guard case .failed(name: "9999_bad", cause: _) = error else {
          Issue.record("unexpected: \(String(describing: error))")
          return
        }
        // A function that fails undoes the migrations of the run, too.
        let broken = SchemaDefinition(
          name: "functions/broken", bytes: Array("CREATE FUNCTION lectern.broken() RETURNS oops".utf8))
        let other = MigrationRunner(
          connection: connection, migrations: Migration.all + [good], definitions: SchemaDefinition.all + [broken],
          logger: .silent)
        let second = await #expect(throws: MigrationError.self) { try await other.up() }
        guard case .failed(name: "functions/broken", cause: _) = second else {
          Issue.record("unexpected: \(String(describing: second))")
          return
        }
        let row = try await connection.query("SELECT to_regclass('lectern.half') IS NULL").single()
        #expect(try row.decode(at: 0, as: Bool.self))
        try await MigrationRunner(connection: connection, logger: .silent).verify()
        await connection.close()
      }
    }

    @Test func twoAtOnceMigrateOnce() async throws {
      try await withTestDatabase(migrated: false) { database in
        let (one, two) = (try await database.connect(), try await database.connect())
        async let first = MigrationRunner(connection: one, logger: .silent).up()
        async let second = MigrationRunner(connection: two, logger: .silent).up()
        #expect(try await first.count + second.count == Migration.all.count + SchemaDefinition.all.count)
        await one.close()
        await two.close()
      }
    }

    @Test func aHeldLockIsNotWaitedForForever() async throws {
      try await withTestDatabase(migrated: false) { database in
        let (holder, other) = (try await database.connect(), try await database.connect())
        try await holder.query("SELECT pg_advisory_lock(1, 0)")
        let error = await #expect(throws: MigrationError.self) {
          try await MigrationRunner(connection: other, logger: .silent).up(lockDeadline: .milliseconds(10))
        }
        #expect(error == .locked)
        await holder.close()
        await other.close()
      }
    }

    /// Other parameters and another result: nothing of the old function is left, and the new one has the file's grants.
    @Test func aChangedFunctionIsReplacedAndKeepsItsGrants() async throws {
      try await withTestDatabase { database in
        let connection = try await database.connect()
        let index = try #require(SchemaDefinition.all.firstIndex { $0.name == "functions/read_consent" })
        var list = SchemaDefinition.all
        list[index] = SchemaDefinition(
          name: list[index].name,
          bytes: Array(
            """
            CREATE FUNCTION lectern.read_consent(p_learner uuid) RETURNS bigint
            LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$ SELECT 7::bigint $$;
            GRANT EXECUTE ON FUNCTION lectern.read_consent TO lectern_ingest;
            """.utf8))
        let runner = MigrationRunner(connection: connection, definitions: list, logger: .silent)
        let error = await #expect(throws: MigrationError.self) { try await runner.verify() }
        #expect(error == .outdated(first: "functions/read_consent", count: 1))
        #expect(try await runner.up() == [.applied("functions/read_consent")])
        try await runner.verify()
        let worker = try await database.connect(role: "lectern_ingest")
        #expect(
          try await worker.query("SELECT lectern.read_consent(NULL)").single().decode(at: 0, as: Int64.self) == 7)
        #expect(
          try await connection.query("SELECT count(*) FROM pg_proc WHERE proname = 'read_consent'").single()
            .decode(at: 0, as: Int64.self) == 1)
        let aggregator = try await database.connect(role: "lectern_aggregator")
        let refused = await #expect(throws: PostgresError.self) {
          try await aggregator.query("SELECT lectern.read_consent(NULL)")
        }
        #expect(refused?.code.rawValue == "42501")
        for connection in [connection, worker, aggregator] { await connection.close() }
      }
    }

    @Test func whatTheProgramHasNoMoreIsDropped() async throws {
      try await withTestDatabase { database in
        let connection = try await database.connect()
        let gone = ["functions/audit", "views/analytics.course_interest"]
        let rest = SchemaDefinition.all.filter { !gone.contains($0.name) }
        let runner = MigrationRunner(connection: connection, definitions: rest, logger: .silent)
        #expect(try await runner.status().suffix(2) == gone.map { SchemaStatus(name: $0, state: .surplus) })
        let error = await #expect(throws: MigrationError.self) { try await runner.verify() }
        #expect(error == .outdated(first: gone[0], count: 2))
        #expect(try await runner.plan() == gone.map { .dropped($0) })
        #expect(try await runner.up() == gone.map { .dropped($0) })
        try await runner.verify()
        let row = try await connection.query(
          "SELECT to_regproc('lectern.audit') IS NULL AND to_regclass('analytics.course_interest') IS NULL"
        ).single()
        #expect(try row.decode(at: 0, as: Bool.self))
        await connection.close()
      }
    }

    /// Each is reported as changed by hand, and the next run of `migrate up` restores what the file says.
    @Test(arguments: [
      ("functions/store", "ALTER FUNCTION lectern.store RESET enable_seqscan"),
      ("functions/read_consent", "GRANT EXECUTE ON FUNCTION lectern.read_consent TO PUBLIC"),
      ("functions/read_consent", "REVOKE EXECUTE ON FUNCTION lectern.read_consent FROM lectern_ingest"),
      ("functions/read_consent", "ALTER FUNCTION lectern.read_consent SECURITY INVOKER"),
      ("functions/audit", "DROP FUNCTION lectern.audit"),
      ("functions/audit", "CREATE FUNCTION lectern.audit(text) RETURNS text LANGUAGE sql AS 'SELECT $1'"),
      (
        "functions/require_ledger",
        """
        CREATE OR REPLACE FUNCTION lectern.require_ledger(p_ledger integer, p_epoch bigint, p_expected bigint)
        RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS 'BEGIN END'
        """
      ),
      ("views/analytics.metric_weights", "GRANT SELECT ON analytics.metric_weights TO PUBLIC"),
      (
        "views/analytics.metric_weights",
        "CREATE OR REPLACE VIEW analytics.metric_weights AS SELECT * FROM lectern.metric_weights WHERE version > 0"
      ),
    ]) func whatWasChangedByHandIsReportedAndRestored(name: String, statement: String) async throws {
      try await withTestDatabase { database in
        let connection = try await database.connect()
        // A role that checks the schema before it works.
        let worker = try await database.connect(role: "lectern_ingest")
        let checker = MigrationRunner(connection: worker, logger: .silent)
        try await checker.verify()
        try await connection.execute("SET ROLE lectern_migrator; \(statement); RESET ROLE")
        let error = await #expect(throws: MigrationError.self) { try await checker.verify() }
        #expect(error == .redefined(name: name))
        let runner = MigrationRunner(connection: connection, logger: .silent)
        #expect(try await runner.up() == [.applied(name)])
        try await checker.verify()
        for connection in [connection, worker] { await connection.close() }
      }
    }

    /// A deployment may let roles of its own read a view, and have functions of its own.
    @Test func whatADeploymentAddsIsItsOwnBusiness() async throws {
      try await withTestDatabase { database in
        let connection = try await database.connect()
        try await connection.execute(
          """
          GRANT SELECT ON analytics.course_interest TO pg_monitor;
          CREATE FUNCTION lectern.own() RETURNS integer LANGUAGE sql AS 'SELECT 1';
          COMMENT ON VIEW analytics.course_interest IS 'as we use it';
          SET search_path = lectern, analytics, public
          """)
        try await MigrationRunner(connection: connection, logger: .silent).verify()
        await connection.close()
      }
    }

    @Test func partitionsReachFromTwoWeeksBackToTwoMonthsAhead() async throws {
      try await withTestDatabase { database in
        let connection = try await database.connect(role: "lectern_ingest")
        let repository = IngestRepository(connection: connection)
        let made = try await repository.premake()
        let again = try await repository.premake()
        #expect(made.created == 68)
        #expect(again.created == 0)
        #expect(again.lastDay == made.lastDay)
        let owner = try await database.connect()
        let row = try await owner.query(
          """
          SELECT count(*) AS n, max(right(c.relname, 8)) = to_char(now() + '60 days', 'YYYYMMDD') AS ahead,
            min(right(c.relname, 8)) = to_char(now() - '14 days'::interval, 'YYYYMMDD') AS back
          FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
          WHERE i.inhparent = 'lectern.emotion_sample'::regclass
          """
        ).single()
        #expect(try row.decode("n", as: Int.self) == 75)
        #expect(try row.decode("ahead", as: Bool.self))
        #expect(try row.decode("back", as: Bool.self))
        await connection.close()
        await owner.close()
      }
    }

    /// `CREATE … PARTITION OF` would wait for the reader, and everybody else behind it.
    @Test func premakingDoesNotWaitForReaders() async throws {
      try await withTestDatabase { database in
        let (owner, reader) = (try await database.connect(), try await database.connect())
        _ = try await IngestRepository(connection: owner).premake()
        try await owner.execute(
          """
          DO $$ BEGIN EXECUTE (SELECT format('DROP TABLE lectern.emotion_sample_%s', to_char(now(), 'YYYYMMDD'))); END $$
          """)
        try await reader.execute("BEGIN; SELECT count(*) FROM lectern.emotion_sample")
        let made = try await IngestRepository(connection: owner).premake()
        #expect(made.created == 1)
        await reader.close()
        await owner.close()
      }
    }

    /// A frame may be of today: whoever finds that its partition is missing waits for the one who makes it. Days that
    /// are far ahead are left to that one.
    @Test func whoNeedsAPartitionWaitsForTheOneWhoMakesIt() async throws {
      try await withTestDatabase { database in
        let (owner, maker, other) = (
          try await database.connect(), try await database.connect(), try await database.connect()
        )
        _ = try await IngestRepository(connection: owner).premake()
        func drop(_ day: String) async throws {
          try await owner.execute(
            """
            DO $$ BEGIN
              EXECUTE (SELECT format('DROP TABLE lectern.emotion_sample_%s', to_char(\(day), 'YYYYMMDD')));
            END $$
            """)
        }
        try await drop("(now() AT TIME ZONE 'UTC')::date + 30")
        try await maker.execute("BEGIN; SELECT FROM lectern.turn WHERE class = 'premake' FOR UPDATE")
        #expect(try await IngestRepository(connection: other).premake().created == 0)
        try await drop("(now() AT TIME ZONE 'UTC')::date")
        async let waiting = IngestRepository(connection: other).premake()
        try await database.waitUntilBlocked(by: maker)
        try await maker.execute("COMMIT")
        #expect(try await waiting.created == 2)
        for connection in [owner, maker, other] { await connection.close() }
      }
    }

    /// What was on record before the audit log had an owner of its own still is.
    @Test func oldLinesOfTheAuditLogAreKept() async throws {
      try await withTestDatabase(migrated: false) { database in
        let connection = try await database.connect()
        try await MigrationRunner(
          connection: connection, migrations: Array(Migration.all.prefix(5)), definitions: [], logger: .silent
        ).up()
        try await connection.execute(
          """
          INSERT INTO lectern.audit_log (at, actor, action, detail)
          VALUES ('2026-11-01T10:00:00Z', 'anna', 'erase', '{"erasure": 7}')
          """)
        try await MigrationRunner(connection: connection, logger: .silent).up()
        let entries = try await AuditRepository(connection: connection).entries(AuditFilter(), limit: 10)
        #expect(
          entries == [
            AuditEntry(
              id: 1, at: try #require(EventTime(rfc3339: "2026-11-01T10:00:00Z")), actor: "anna", action: "erase",
              detail: #"{"erasure": 7}"#)
          ])
        await connection.close()
      }
    }

    /// What a clock far ahead dated holds as of its record, and a consent covers nothing from before both of its times.
    @Test func consentsFromBeforeStep8AreMended() async throws {
      try await withTestDatabase(migrated: false) { database in
        let connection = try await database.connect()
        try await MigrationRunner(
          connection: connection, migrations: Array(Migration.all.prefix(7)), definitions: [], logger: .silent
        ).up()
        try await connection.execute(
          """
          INSERT INTO lectern.consent (learner, scope, granted, event_time, event_id, recorded_at)
          SELECT gen_random_uuid(), 'analytics', granted, said::timestamptz, name, '2026-11-01T10:00:00Z'
          FROM (VALUES ('far ahead', true, '2036-01-01T00:00:00Z'), ('ahead', true, '2026-11-01T18:00:00Z'),
            ('late', true, '2026-11-01T09:00:00Z'), ('revoked', false, '2036-01-01T00:00:00Z')) v (name, granted, said);
          INSERT INTO lectern.source (uri) VALUES ('https://lms.example');
          INSERT INTO lectern.course (source_id, external_id, title, event_time, event_id, updated_at)
          SELECT source_id, 'c', 'C', '2036-01-01T00:00:00Z', 'e', '2026-11-01T10:00:00Z' FROM lectern.source;
          INSERT INTO lectern.session_declaration (source_id, external_id, event_time, event_id, updated_at)
          SELECT source_id, 's', '2036-01-01T00:00:00Z', 'e', '2026-11-01T10:00:00Z' FROM lectern.source
          """)
        try await MigrationRunner(connection: connection, logger: .silent).up()
        let consents: [String] = try await connection.query(
          """
          SELECT concat_ws(' ', event_id, to_char(event_time, 'HH24'), coalesce(to_char(since, 'HH24'), '-'),
            to_char(said_at, 'HH24'))
          FROM lectern.consent WHERE event_time < '2026-11-02' ORDER BY event_id
          """
        ).values()
        #expect(consents == ["ahead 18 10 10", "far ahead 10 10 10", "late 09 09 09", "revoked 10 - 10"])
        for table in ["course", "session_declaration"] {
          let time: EventTime = try await connection.query("SELECT event_time FROM lectern.\(table)").value()
          #expect(time == EventTime(rfc3339: "2026-11-01T10:00:00Z"), "\(table)")
        }
        await connection.close()
      }
    }

    @Test func workersMayOnlyExecuteFunctions() async throws {
      try await withTestDatabase { database in
        let connection = try await database.connect(role: "lectern_ingest")
        for statement in [
          "SELECT 1 FROM lectern.emotion_sample", "SELECT 1 FROM lectern.session", "DELETE FROM lectern.consent",
          "SELECT lectern.advance_ledger(1,1,1,1,1,1,1,1,1,1,1,1,1)", "SELECT lectern.erase_pending(1)",
          "CREATE TABLE lectern.x ()",
        ] {
          let error = await #expect(throws: PostgresError.self) { try await connection.query(statement) }
          #expect(error?.code.rawValue == "42501", "\(statement)")
        }
        await connection.close()
      }
    }
  }
}
