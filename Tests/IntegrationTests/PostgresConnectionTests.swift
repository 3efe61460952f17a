import LearningEvents
import PostgresIO
import Telemetry
import TestSupport
import Testing

extension Database {
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct PostgresConnectionTests {
    @Test func everyTypeGoesThereAndBack() async throws {
      try await withTestDatabase(migrated: false) { database in
        let connection = try await database.connect()
        let uuid = LearnerPseudonym(high: 0x0011_2233_4455_6677, low: 0x8899_aabb_ccdd_eeff)
        let time = EventTime(microseconds: 1_795_438_800_123_456)
        let row = try await connection.query(
          "SELECT $1::bool, $2::int2, $3::int4, $4::int8, $5::float8, $6::text, $7::bytea, $8::uuid, $9::timestamptz, "
            + "$10::date, $11::jsonb, $12::int8",
          [
            .bool(true), .int2(-2), .int4(.min), .int8(.max), .double(0.1), .text("é😀"), .bytes([0, 255, 0]),
            .uuid(uuid),
            .timestamp(time), .date(CalendarDay(daysSinceEpoch: 20780)), .json("{\"a\": [1]}"), .null,
          ]
        ).single()
        #expect(try row.decode(at: 0, as: Bool.self))
        #expect(try row.decode(at: 1, as: Int16.self) == -2)
        #expect(try row.decode(at: 2, as: Int32.self) == .min)
        #expect(try row.decode(at: 3, as: Int64.self) == .max)
        #expect(try row.decode(at: 4, as: Double.self) == 0.1)
        #expect(try row.decode(at: 5, as: String.self) == "é😀")
        #expect(try row.decode(at: 6, as: [UInt8].self) == [0, 255, 0])
        #expect(try row.decode(at: 7, as: LearnerPseudonym.self) == uuid)
        #expect(try row.decode(at: 8, as: EventTime.self) == time)
        #expect(try row.decode(at: 9, as: CalendarDay.self).daysSinceEpoch == 20780)
        #expect(try row.decode(at: 10, as: String.self) == "{\"a\": [1]}")
        #expect(try row.decodeIfPresent(at: 11, as: Int64.self) == nil)
        let text = try await connection.query("SELECT '2026-11-23'::date, '2026-11-23 13:00:00.123456Z'::timestamptz")
          .single()
        #expect(try text.decode(at: 0, as: CalendarDay.self).daysSinceEpoch == 20780)
        #expect(try text.decode(at: 1, as: EventTime.self).microseconds == 1_795_438_800_123_456)
        await connection.close()
      }
    }

    /// Where an administrator has row_security off, as for pg_dump, roles still read what their policies let them.
    @Test func policiesHoldWhateverTheServerSets() async throws {
      try await withTestDatabase { database in
        let owner = try await database.connect()
        try await owner.execute("ALTER DATABASE \(database.name) SET row_security = off")
        await owner.close()
        let reader = try await database.connect(role: "lectern_reader")
        #expect(try await reader.query("SELECT count(*) FROM lectern.released_segment").value(as: Int64.self) == 0)
        await reader.close()
      }
    }

    @Test func arraysKeepNullsOrderAndEmptiness() async throws {
      try await withTestDatabase(migrated: false) { database in
        let connection = try await database.connect()
        let rows = try await connection.query(
          "SELECT * FROM unnest($1::int2[], $2::int4[], $3::int8[], $4::text[], $5::timestamptz[], $6::uuid[], $7::date[])",
          [
            .optionalInt2s([1, nil, 3]), .int4s([4, 5, 6]), .optionalInt8s([nil, 8, 9]),
            .optionalTexts(["a", nil, ""]),
            .optionalTimestamps([nil, nil, EventTime(microseconds: 7)]),
            .uuids([1, 2, 3].map { LearnerPseudonym(high: 0, low: $0) }),
            .dates([0, 1, 2].map { CalendarDay(daysSinceEpoch: $0) }),
          ])
        #expect(try rows.map { try $0.decodeIfPresent(at: 0, as: Int16.self) } == [1, nil, 3])
        #expect(try rows.map { try $0.decode(at: 1, as: Int.self) } == [4, 5, 6])
        #expect(try rows.map { try $0.decodeIfPresent(at: 2, as: Int64.self) } == [nil, 8, 9])
        #expect(try rows.map { try $0.decodeIfPresent(at: 3, as: String.self) } == ["a", nil, ""])
        #expect(try rows[2].decode(at: 4, as: EventTime.self).microseconds == 7)
        #expect(try rows[1].decode(at: 5, as: LearnerPseudonym.self).low == 2)
        #expect(try rows[2].decode(at: 6, as: CalendarDay.self).daysSinceEpoch == 2)
        let empty = try await connection.query(
          "SELECT $1::text[] = '{}' AND $2::int8[] = '{}', ARRAY['x', 'y']", [.texts([]), .int8s([])]
        ).single()
        #expect(try empty.decode(at: 0, as: Bool.self))
        #expect(try empty.decode(at: 1, as: [String].self) == ["x", "y"])
        await connection.close()
      }
    }

    @Test func decodingTheWrongTypeOrANullIsAnError() async throws {
      try await withTestDatabase(migrated: false) { database in
        let connection = try await database.connect()
        let row = try await connection.query("SELECT 1::int8 AS a, NULL::text AS b, 70000 AS c").single()
        #expect(throws: PostgresError.self) { try row.decode("a", as: String.self) }
        #expect(throws: PostgresError.self) { try row.decode("b", as: String.self) }
        #expect(throws: PostgresError.self) { try row.decode("c", as: Int16.self) }
        #expect(throws: PostgresError.self) { try row.decode("d", as: String.self) }
        await connection.close()
      }
    }

    @Test func aTransactionCommitsOrLeavesNothing() async throws {
      struct Stop: Error {}
      try await withTestDatabase(migrated: false) { database in
        let connection = try await database.connect()
        try await connection.execute("CREATE TABLE t (a int CHECK (a < 10))")
        try await connection.withTransaction { try $0.query("INSERT INTO t VALUES ($1)", [.int4(1)]) }
        await #expect(throws: Stop.self) {
          try await connection.withTransaction { connection in
            try connection.query("INSERT INTO t VALUES ($1)", [.int4(2)])
            throw Stop()
          }
        }
        // An error that the body swallows must not look like a commit.
        await #expect(throws: PostgresError.self) {
          try await connection.withTransaction { connection in
            _ = try? connection.query("INSERT INTO t VALUES ($1)", [.int4(11)])
          }
        }
        #expect(try await connection.query("SELECT a FROM t").map { try $0.decode(at: 0, as: Int.self) } == [1])
        #expect(await connection.isIdle)
        await connection.close()
      }
    }

    @Test func aDeadlineCancelsAndTheConnectionGoesOn() async throws {
      try await withTestDatabase(migrated: false) { database in
        let connection = try await database.connect()
        let error = await #expect(throws: PostgresError.self) {
          try await connection.query("SELECT pg_sleep(60)", deadline: .milliseconds(50))
        }
        #expect(error?.code == .queryCanceled)
        #expect(error?.connectionIsLost == false)
        #expect(try await connection.query("SELECT 1").count == 1)
        await connection.close()
      }
    }

    @Test func aKilledSessionIsALostConnection() async throws {
      try await withTestDatabase(migrated: false) { database in
        let connection = try await database.connect()
        let other = try await database.connect()
        let pid = await connection.backendProcessID
        try await other.query("SELECT pg_terminate_backend($1)", [.int4(pid)])
        let error = await #expect(throws: PostgresError.self) { try await connection.query("SELECT 1") }
        #expect(error?.isTransient == true)
        #expect(error?.connectionIsLost == true)
        let next = await #expect(throws: PostgresError.self) { try await connection.query("SELECT 1") }
        // Whoever was queued behind the loss may try again too: nobody closed the connection on purpose.
        #expect(next?.code == .connectionLost)
        #expect(next?.isTransient == true)
        await other.close()
      }
    }

    @Test func anErrorShowsNoValue() async throws {
      try await withTestDatabase(migrated: false) { database in
        let connection = try await database.connect()
        try await connection.execute("CREATE TABLE t (a text PRIMARY KEY)")
        for _ in 0..<2 { _ = try? await connection.query("INSERT INTO t VALUES ($1)", [.text("anna")]) }
        let error = await #expect(throws: PostgresError.self) {
          try await connection.query("INSERT INTO t VALUES ($1)", [.text("anna")])
        }
        #expect(error?.code == .uniqueViolation)
        #expect(error?.description.contains("anna") == false)
        #expect(error?.description.contains("t_pkey") == true)
        let cast = await #expect(throws: PostgresError.self) {
          try await connection.query("SELECT $1::text::int", [.text("anna")])
        }
        #expect(cast?.description.contains("anna") == false)
        await connection.close()
      }
    }

    @Test func aRefusedConnectionSaysWhy() async throws {
      try await withTestDatabase(migrated: false) { database in
        var settings = database.settings()
        settings.database = "lectern_there_is_no_such_database"
        let error = await #expect(throws: PostgresError.self) {
          try await PostgresConnection.open(settings, logger: .silent)
        }
        #expect(error?.code.rawValue == "3D000")
        #expect(error?.isTransient == false)
      }
      let nowhere = await #expect(throws: PostgresError.self) {
        try await PostgresConnection.open(PostgresSettings(url: "host=/nowhere"), logger: .silent)
      }
      #expect(nowhere?.code == .connectionLost)
    }

    @Test func noticesAreCaught() async throws {
      try await withTestDatabase(migrated: false) { database in
        let connection = try await database.connect()
        try await connection.execute("DO $$ BEGIN RAISE NOTICE 'hello'; RAISE WARNING 'careful'; END $$")
        #expect(await connection.takeNotices() == ["hello", "careful"])
        #expect(await connection.takeNotices().isEmpty)
        await connection.close()
      }
    }

    /// A server that takes no writes may have been replaced at the same address: its connection is given up.
    @Test func aReadOnlyServerCostsTheConnectionAndHintsAtTheOthers() async throws {
      try await withTestDatabase(migrated: false) { database in
        let connection = try await database.connect()
        try await connection.execute("CREATE TABLE t (a int); SET default_transaction_read_only = on")
        let error = await #expect(throws: PostgresError.self) { try await connection.query("INSERT INTO t VALUES (1)") }
        #expect(error?.code == .readOnlyServer && error?.isTransient == true && error?.connectionIsLost == true)
        #expect(error?.message.contains("target_session_attrs=read-write") == true)
        #expect(await !connection.isIdle)
      }
    }

    @Test func aSessionThatCannotBeginSaysWhatMendsIt() async throws {
      try await withTestDatabase(migrated: false) { database in
        let missing = await #expect(throws: PostgresError.self) { try await database.connect(role: "lectern_nobody") }
        #expect(missing?.description.contains("role \"lectern_nobody\" does not exist; 'lectern migrate up'") == true)
        let name = "lectern_test_\(UInt32.random(in: 0...UInt32.max))"
        let owner = try await database.connect()
        try await owner.execute("CREATE ROLE \(name)_a; CREATE ROLE \(name)_b")
        try await owner.execute("SET SESSION AUTHORIZATION \(name)_a")
        let refused = await #expect(throws: PostgresError.self) { try await owner.execute("SET ROLE \(name)_b") }
        #expect(refused?.message == "permission denied to set role \"\(name)_b\"")
        try await owner.execute("RESET SESSION AUTHORIZATION; DROP ROLE \(name)_a; DROP ROLE \(name)_b")
        await owner.close()
      }
    }

    @Test func nothingIsCompiledBeforeItRuns() async throws {
      try await withTestDatabase(migrated: false) { database in
        let connection = try await database.connect()
        #expect(try await connection.query("SELECT current_setting('jit')").value() == "off")
        await connection.close()
      }
    }

    @Test func aPoolLendsFewConnectionsToMany() async throws {
      try await withTestDatabase(migrated: false) { database in
        let pool = PostgresPool(database.settings(), capacity: 2, logger: .silent)
        let pids = try await withThrowingTaskGroup(of: Int32.self) { group in
          for _ in 0..<8 {
            group.addTask {
              try await pool.withConnection { connection in
                try await connection.query("SELECT pg_backend_pid()").single().decode(at: 0, as: Int32.self)
              }
            }
          }
          return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(!pids.isEmpty && pids.count <= 2)
        await pool.close()
        await #expect(throws: PostgresError.self) { try await pool.withConnection { _ in } }
      }
    }
  }
}
