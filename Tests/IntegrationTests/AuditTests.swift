import LearningEvents
import Persistence
import PostgresIO
import TestSupport
import Testing

extension Database {
  /// Who did what about people is on record, and stays there.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct AuditTests {
    private typealias Fixture = PostgresIngestFixture

    private func entries(_ fixture: PostgresIngestFixture) async throws -> [AuditEntry] {
      try await AuditRepository(connection: fixture.owner).entries(AuditFilter(), limit: 100)
    }

    /// Runs a statement as a login of its own that has a role.
    private func attempt(_ statement: String, as role: DatabaseRole, _ database: TestDatabase) async throws
      -> PostgresError?
    {
      let connection = try await database.connect(role: role.rawValue)
      defer { Task { await connection.close() } }
      do throws(PostgresError) {
        try await connection.execute(statement)
        return nil
      } catch { return error }
    }

    @Test func nobodyForgesOrDeletesALine() async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database)
        try await fixture.owner.execute("SELECT lectern.audit('test', 'somebody', '{}')")
        for role in DatabaseRole.allCases where role != .auditOwner {
          for statement in [
            "DELETE FROM audit.entry", "TRUNCATE audit.entry", "UPDATE audit.entry SET actor = 'another'",
            "DROP TABLE audit.entry", "DROP SCHEMA audit CASCADE", "ALTER TABLE audit.entry DISABLE TRIGGER ALL",
            "INSERT INTO audit.entry (actor, action) VALUES ('postgres', 'forged')",
            "INSERT INTO audit.entry (at, action) VALUES ('1999-01-01', 'forged')",
          ] {
            let error = try await attempt(statement, as: role, database)
            #expect(error?.code == .insufficientPrivilege, "\(role): \(statement): \(String(describing: error))")
          }
          if role != .migrator {
            let error = try await attempt("SELECT lectern.audit('forged', 'x', '{}')", as: role, database)
            #expect(error?.code == .insufficientPrivilege, "\(role)")
            let read = try await attempt("SELECT FROM audit.entry", as: role, database)
            #expect((read == nil) == (role == .auditor), "\(role)")
          }
        }
        let lines = try await entries(fixture).filter { !$0.action.hasPrefix("control.") }
        #expect(lines.map(\.action) == ["test"])
        let now: EventTime = try await fixture.owner.query("SELECT clock_timestamp()").value()
        #expect(now.microseconds - lines[0].at.microseconds < 600_000_000)
        await fixture.close()
      }
    }

    /// The role that owns the log is nobody's when a migration has ended.
    @Test func theOwnerOfTheLogHasNoMembers() async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database)
        #expect(
          try await fixture.number(
            "SELECT count(*) FROM pg_auth_members WHERE roleid = 'lectern_audit_owner'::regrole AND NOT admin_option")
            == 0)
        await fixture.close()
      }
    }

    @Test func whatIsChangedByHandLeavesALine() async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database)
        let courses = CourseRepository(connection: fixture.owner)
        let before = try await entries(fixture).count
        let late = fixture.noon.advanced(by: .seconds(-3600))
        try await courses.apply(
          [
            Fixture.course(at: late, title: "Another"), Fixture.session(0, intervalMilliseconds: 2000, at: late),
            Fixture.consent(7, granted: true, at: late),
          ], by: "anna")
        try await courses.apply([Fixture.consent(0, granted: false, at: late)], by: "anna")
        // Overtaken: nothing was withdrawn, and it was said all the same.
        try await courses.apply(
          [Fixture.consent(0, granted: false, at: fixture.yesterday(0), recordedAt: fixture.noon)], by: "anna")
        _ = try await PrivacyRepository(connection: fixture.owner).erase(Fixture.learner(7), by: "bert")
        let lines = try await entries(fixture).dropLast(before).reversed()
        #expect(lines.map(\.action) == ["control.by_hand", "control.by_hand", "control.by_hand", "erase"])
        let erasures = try await fixture.owner.query("SELECT erasure_id FROM lectern.erasure ORDER BY 1").map {
          try $0.decode(at: 0, as: Int64.self)
        }
        try #require(erasures.count == 2)
        #expect(
          lines.map(\.detail) == [
            #"{"by": "anna", "grants": 1, "courses": 1, "erasures": [], "sessions": 1, "superseded": 0}"#,
            #"{"by": "anna", "erasures": [\#(erasures[0])], "superseded": 0, "revocations": 1}"#,
            #"{"by": "anna", "erasures": [], "superseded": 1, "revocations": 1}"#,
            #"{"by": "bert", "erasure": \#(erasures[1])}"#,
          ])
        await fixture.close()
      }
    }

    /// A log brings consents by the thousand; only what withdraws one is on record, and no line names a learner.
    @Test func revocationsOfALogLeaveALine() async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database)
        let before = try await entries(fixture).count
        let claim = try await fixture.repository.claim(
          Fixture.log(partition: 1), group: Fixture.group, lowWatermark: 0
        ).ledger
        func apply(_ events: [ControlRow], from offset: Int64) async throws {
          let step = LedgerStep(
            ledgerID: claim.ledgerID, epoch: claim.epoch, expectedOffset: offset,
            nextOffset: offset + Int64(events.count), skipped: 0, last: nil)
          _ = try await fixture.repository.applyControl(ControlBatch(step: step, events: events, rejects: []))
        }
        let late = fixture.noon.advanced(by: .seconds(-3600))
        try await apply([Fixture.consent(5, granted: true, at: late)], from: 0)
        #expect(try await entries(fixture).count == before)
        try await apply(
          [Fixture.consent(6, granted: true, at: late), Fixture.consent(0, granted: false, at: late)], from: 1)
        let lines = try await entries(fixture)
        try #require(lines.count == before + 1)
        #expect(lines[0].action == "control.revocations")
        let erasure = try await fixture.number("SELECT max(erasure_id) FROM lectern.erasure")
        #expect(
          lines[0].detail
            == #"{"before": 3, "ledger": \#(claim.ledgerID), "erasures": [\#(erasure)], "revocations": 1}"#)
        for line in lines { #expect(!line.detail.contains(Fixture.learner(0).uuid), "\(line)") }
        await fixture.close()
      }
    }
  }
}
