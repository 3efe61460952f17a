import Migrations
import Persistence
import PostgresIO
import Telemetry
import TestSupport
import Testing

extension Integration {
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct MigrationTests {
    @Test func theSecondRunDoesNothing() async throws {
      try await withTestDatabase(migrated: false) { database in
        let connection = try await database.connect()
        let runner = MigrationRunner(connection: connection, logger: .silent)
        #expect(try await runner.status().allSatisfy { !$0.isApplied })
        let error = await #expect(throws: MigrationError.self) { try await runner.verify() }
        #expect(error == .pending(first: Migration.all[0].name, count: Migration.all.count))
        #expect(try await runner.up() == Migration.all.map(\.name))
        #expect(try await runner.up().isEmpty)
        #expect(try await runner.status().allSatisfy(\.isApplied))
        try await runner.verify()
        await connection.close()
      }
    }

    @Test func anAlteredMigrationIsRefusedByName() async throws {
      try await withTestDatabase { database in
        let connection = try await database.connect()
        var list = Migration.all
        list[1] = Migration(version: 2, name: list[1].name, bytes: list[1].bytes + Array("-- more\n".utf8))
        let runner = MigrationRunner(connection: connection, migrations: list, logger: .silent)
        let error = await #expect(throws: MigrationError.self) { try await runner.up() }
        #expect(error == .altered(name: "0002_ingest"))
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
        let runner = MigrationRunner(connection: connection, migrations: Migration.all + [bad], logger: .silent)
        let error = await #expect(throws: MigrationError.self) { try await runner.up() }
        guard case .failed(name: "9999_bad", cause: _) = error else {
          Issue.record("unexpected: \(String(describing: error))")
          return
        }
        let row = try await connection.query("SELECT to_regclass('lectern.half') IS NULL").single()
        #expect(try row.decode(at: 0, as: Bool.self))
        await connection.close()
      }
    }

    @Test func twoAtOnceMigrateOnce() async throws {
      try await withTestDatabase(migrated: false) { database in
        let (one, two) = (try await database.connect(), try await database.connect())
        async let first = MigrationRunner(connection: one, logger: .silent).up()
        async let second = MigrationRunner(connection: two, logger: .silent).up()
        #expect(try await first.count + second.count == Migration.all.count)
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

    @Test func workersMayOnlyExecuteFunctions() async throws {
      try await withTestDatabase { database in
        let connection = try await database.connect(role: "lectern_ingest")
        for statement in [
          "SELECT 1 FROM lectern.emotion_sample", "SELECT 1 FROM lectern.session", "DELETE FROM lectern.consent",
          "SELECT lectern.advance_ledger(1,1,1,1,1,1,1,1,1,1,1,1)", "SELECT lectern.erase_pending(1)",
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
