import Foundation
import LearningEvents
import Migrations
import Persistence
import PostgresIO
import Telemetry
import TestSupport
import Testing

extension Database {
  /// What the database holds, against the files and the program.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct SchemaTests {
    private func withConnection(_ body: (PostgresConnection) async throws -> Void) async throws {
      try await withTestDatabase { database in
        let connection = try await database.connect()
        try await body(connection)
        await connection.close()
      }
    }

    /// The settings decide a function's plans: each stands in the file, and in the database as the file says.
    @Test func everyFunctionHasTheSettingsOfItsFile() async throws {
      try await withConnection { connection in
        var written: [String: [String]] = [:]
        for definition in SchemaDefinition.all where definition.name.hasPrefix("functions/") {
          let head = try #require(definition.sql.firstRange(of: "\nAS $$\n")).lowerBound
          let create = try #require(definition.sql.firstRange(of: "CREATE FUNCTION ")).lowerBound
          written[definition.name] = definition.sql[create..<head]
            .matches(of: #/\bSET (\w+) = ('[^']*'|[\w, ]+?)(?= SET\b|\s*$|\n)/#)
            .map { "\($0.1)=\($0.2.replacing("'", with: ""))" }
        }
        let rows = try await connection.query(
          "SELECT proname::text, coalesce(proconfig, '{}') FROM pg_proc WHERE pronamespace = 'lectern'::regnamespace")
        #expect(rows.count == written.count)
        for row in rows {
          let name: String = try row.decode(at: 0)
          let settings: [String] = try row.decode(at: 1)
          #expect(written["functions/\(name)"] == settings, "\(name)")
          #expect(settings.first == "search_path=pg_catalog, pg_temp", "\(name)")
        }
        #expect(written["functions/store"]?.contains("enable_seqscan=off") == true)
      }
    }

    @Test func functionsBelongToTheMigratorAndNotToEverybody() async throws {
      try await withConnection { connection in
        let wrong = try await connection.query(
          """
          SELECT p.proname::text FROM pg_proc p WHERE p.pronamespace IN ('lectern'::regnamespace, 'analytics'::regnamespace)
            AND (pg_get_userbyid(p.proowner) <> 'lectern_migrator' OR has_function_privilege('public', p.oid, 'EXECUTE'))
          """
        ).map { try $0.decode(at: 0, as: String.self) }
        #expect(wrong == [])
      }
    }

    /// A lock that any login may take holds up whoever else takes it.
    @Test func nobodyElseCanTakeTheLocksOfLectern() async throws {
      try await withConnection { connection in
        let advisory = try await connection.query(
          "SELECT proname::text FROM pg_proc WHERE pronamespace = 'lectern'::regnamespace AND prosrc LIKE '%advisory%'"
        ).map { try $0.decode(at: 0, as: String.self) }
        #expect(advisory == [])
        let rights = try await connection.query(
          """
          SELECT format('%s %s on %s', r.role, p.privilege, t.name)
          FROM unnest($1::text[]) AS r (role),
            unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES']) AS p (privilege),
            unnest(ARRAY['lectern.turn', 'lectern.privacy_lock']) AS t (name)
          WHERE has_table_privilege(r.role, t.name, p.privilege)
          """, [.texts(["public"] + DatabaseRole.allCases.filter { $0 != .migrator }.map(\.rawValue))]
        ).map { try $0.decode(at: 0, as: String.self) }
        #expect(rights == [])
      }
    }

    @Test func onlyWhoHasARoleOfLecternConnects() async throws {
      try await withTestDatabase(migrated: false) { database in
        let connection = try await database.connect()
        try await MigrationRunner(connection: connection, logger: .silent).up()
        let allowed = try await connection.query(
          """
          SELECT r.role FROM unnest($1::text[]) AS r (role)
          WHERE has_database_privilege(r.role, current_database(), 'CONNECT')
          """, [.texts(["public"] + DatabaseRole.allCases.map(\.rawValue))]
        ).map { try $0.decode(at: 0, as: String.self) }
        // Nobody is a member of the audit log's owner.
        #expect(Set(allowed) == Set(DatabaseRole.allCases.map(\.rawValue)).subtracting(["lectern_audit_owner"]))
        let temporary: Bool = try await connection.query(
          "SELECT has_database_privilege('public', current_database(), 'TEMPORARY')"
        ).value()
        #expect(!temporary)
        await connection.close()
      }
    }

    /// Whoever answers for the data finds each table, what it is for and how long it lives.
    @Test func theDataMapNamesEveryTable() async throws {
      let page = try String(contentsOf: TestTools.root.appending(path: "docs/privacy.md"), encoding: .utf8)
      let begin = try #require(page.firstRange(of: "## Data map")).upperBound
      let map = page[begin...].prefix(upTo: page[begin...].firstRange(of: "\n## ")?.lowerBound ?? page.endIndex)
      try await withConnection { connection in
        let tables = try await connection.query(
          """
          SELECT relname::text FROM pg_class WHERE relnamespace IN ('lectern'::regnamespace, 'audit'::regnamespace)
            AND relkind IN ('r', 'p') AND NOT relispartition
          """
        ).map { try $0.decode(at: 0, as: String.self) }
        #expect(tables.count > 25)
        #expect(tables.filter { !map.contains("`\($0)`") } == [])
      }
    }

    /// The one list of codes in SQL is the constraint of `ingest_reject`.
    @Test func theDatabaseTakesTheProgramsRejectCodes() async throws {
      try await withConnection { connection in
        let text: String = try await connection.query(
          """
          SELECT pg_get_constraintdef(oid) FROM pg_constraint
          WHERE conrelid = 'lectern.ingest_reject'::regclass AND conname = 'ingest_reject_code_check'
          """
        ).single().decode(at: 0)
        #expect(text.matches(of: #/'(\w+)'/#).map { String($0.1) } == RejectCode.allCases.map(\.rawValue))
      }
    }
  }
}
