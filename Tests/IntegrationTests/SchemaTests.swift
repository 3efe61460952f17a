import LearningEvents
import Migrations
import PostgresIO
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
