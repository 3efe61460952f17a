import Analytics
import Cryptography
import LearningEvents
import Persistence
import PostgresIO
import TestSupport
import Testing

extension Database {
  /// Control events and erasures beside one another, beside stores and beside an aggregator.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct ControlRaceTests {
    typealias Fixture = PostgresIngestFixture

    private func declaration(of session: String) -> String {
      """
      {"type": "org.lectern.session.v1", "source": "\(Fixture.source)", "time": "2026-01-01T00:00:00Z", "id": "d1",
       "data": {"id": "\(session)", "frame_interval_ms": 5000, "title": ""}}
      """
    }

    /// One call of `apply_control` for events of no log, which is not tried again when the server undoes it.
    private func applyOnce(_ events: [String], on connection: PostgresConnection) async throws {
      try await connection.query(
        """
        SELECT lectern.apply_control(
          NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, $1::text::jsonb, '{}', '{}', '{}', '{}',
          '{}', '{}', '{}', 'a test')
        """, [.text("[\(events.joined(separator: ", "))]")])
    }

    /// What the LMS says of a session is there before the session opens, or after: never uncommitted beside it.
    @Test func aSessionOpensBeforeOrAfterItsDeclaration() async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database)
        let declaring = try await database.connect()
        try await declaring.execute("BEGIN")
        try await applyOnce([declaration(of: "declared")], on: declaring)
        async let opening = fixture.repository.openSession(
          source: Fixture.source, sessionID: "declared", courseID: fixture.courseID, learner: Fixture.learner(0),
          capturedAt: fixture.noon, frameIntervalMilliseconds: 1000)
        try await database.waitUntilBlocked(by: declaring)
        let declared = "SELECT count(*) FROM lectern.session WHERE external_id = 'declared'"
        #expect(try await fixture.number(declared) == 0)
        try await declaring.execute("COMMIT")
        guard case .open = try await opening else {
          Issue.record("not opened")
          return
        }
        #expect(try await fixture.number(declared) == 1)
        await declaring.close()
        await fixture.close()
      }
    }

    enum FirstEvent: CaseIterable { case declaration, courseEdit }

    /// The first batch names a course, by an edit or by a session of it, then a session that the second names too; both
    /// come while an aggregator is at the course. When each event took its lock in turn, the first held the course's
    /// then and waited for the session's name, which the second held while it waited for the course.
    @Test(arguments: FirstEvent.allCases)
    func batchesThatShareACourseAndASessionDoNotWaitInACircle(_ first: FirstEvent) async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database)
        let names = try await fixture.number(
          "SELECT count(DISTINCT hashtextextended(external_id, source_id) & 255) FROM lectern.session")
        try #require(names == 2, "the two sessions' names share a lock")
        let (aggregator, one, two) = (
          try await database.connect(), try await database.connect(), try await database.connect()
        )
        let firstProcess = await one.backendProcessID
        try await aggregator.execute("BEGIN; SELECT lectern.lock_courses(ARRAY[\(fixture.courseID)])")
        let edit = """
          {"type": "org.lectern.course.v1", "source": "\(Fixture.source)", "time": "2026-01-01T00:00:00Z", "id": "c1",
           "data": {"id": "course-1", "title": "Signals", "teachers": [], "segments": []}}
          """
        let opening = first == .courseEdit ? edit : declaration(of: "session-0")
        async let batch: Void = applyOnce([opening, declaration(of: "session-1")], on: one)
        try await database.waitUntilBlocked(by: aggregator)
        async let other: Void = applyOnce([declaration(of: "session-1")], on: two)
        try await database.waitUntilBlocked(byProcess: firstProcess)
        try await aggregator.execute("COMMIT")
        _ = try await (batch, other)
        #expect(
          try await fixture.number("SELECT count(*) FROM lectern.session_declaration")
            == (first == .courseEdit ? 1 : 2))
        for connection in [aggregator, one, two] { await connection.close() }
        await fixture.close()
      }
    }

    /// What the server undoes for another transaction's sake is tried again, but not for ever.
    @Test func eventsOfNoLogAreTriedAgainAfterADeadlock() async throws {
      try await Fixture.withControl { fixture, courses, _ in
        try await fixture.owner.execute(
          """
          CREATE SEQUENCE public.tries;
          CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
            IF nextval('public.tries') < 3 OR new.learner = '\(Fixture.learner(6).uuid)' THEN RAISE SQLSTATE '40P01'; END IF;
            RETURN new;
          END $$;
          CREATE TRIGGER fail BEFORE INSERT ON lectern.consent FOR EACH ROW EXECUTE FUNCTION public.fail()
          """)
        let tries = "SELECT last_value FROM public.tries"
        let result = try await courses.apply([Fixture.consent(5, granted: true, at: fixture.yesterday(0))])
        #expect(result == ControlResult(applied: 1, superseded: 0, rejects: 0))
        #expect(try await fixture.number(tries) == 3)
        let error = await #expect(throws: PostgresError.self) {
          try await courses.apply([Fixture.consent(6, granted: true, at: fixture.yesterday(0))])
        }
        #expect(error?.code.rawValue == "40P01")
        #expect(try await fixture.number(tries) == 3 + Int64(CourseRepository.tries))
      }
    }

    /// Two erasures of one learner, two aggregators at them: the one that finds its samples deleted by the other is not
    /// done before all are.
    @Test func anErasureIsDoneWhenNothingIsLeftOfTheLearner() async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database)
        let privacy = PrivacyRepository(connection: fixture.owner)
        let samples = (0..<9).map { fixture.sample(offset: Int64($0), sequence: Int32($0)) }
        _ = try await fixture.repository.store(fixture.batch(samples))
        for _ in 0..<2 { _ = try await privacy.erase(Fixture.learner(0)) }
        let other = try await database.connect()
        try await other.execute("BEGIN; SELECT lectern.erase_pending(5)")
        let second = try await database.connect()
        async let removed = PrivacyRepository(connection: second).erasePending(limit: 5)
        try await database.waitUntilBlocked(by: other)
        try await other.execute("COMMIT")
        #expect(try await removed == 0)
        #expect(try await fixture.number("SELECT count(*) FROM lectern.erasure WHERE pending") == 2)
        while try await privacy.erasePending(limit: 5) != nil {}
        #expect(try await fixture.number("SELECT count(*) FROM lectern.emotion_sample") == 0)
        for connection in [other, second] { await connection.close() }
        await fixture.close()
      }
    }

    /// Whoever comes first, no sample of the learner is left (design: the privacy lock).
    @Test func revocationRacingWithStoresLeavesNothing() async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database, learners: 8)
        let privacy = PrivacyRepository(connection: fixture.owner)
        let courses = CourseRepository(connection: try await database.connect())
        var offset: Int64 = 0
        for learner in 0..<8 {
          let batch = fixture.batch(
            (0..<50).map { fixture.sample(offset: offset + Int64($0), session: learner, sequence: Int32($0)) },
            from: offset)
          offset += 50
          async let stored = fixture.repository.store(batch)
          async let revoked = courses.apply([Fixture.consent(learner, granted: false, at: fixture.yesterday(0))])
          let result = try await stored
          _ = try await revoked
          #expect(result.samples + result.consentLost == 50)
          while try await privacy.erasePending() != nil {}
          #expect(try await fixture.number("SELECT count(*) FROM lectern.emotion_sample") == 0)
        }
        await fixture.close()
      }
    }
  }
}
