import Analytics
import Cryptography
import LearningEvents
import Persistence
import PostgresIO
import TestSupport
import Testing

extension Database {
  /// `lectern.apply_control`, sessions, consent and erasure.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct ControlTests {
    typealias Fixture = PostgresIngestFixture

    private func withFixture(_ body: (Fixture, CourseRepository, PrivacyRepository) async throws -> Void) async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database)
        try await body(
          fixture, CourseRepository(connection: fixture.owner), PrivacyRepository(connection: fixture.owner))
        await fixture.close()
      }
    }

    private func at(_ fixture: Fixture, _ seconds: Int64) -> EventTime {
      fixture.noon.advanced(by: .seconds(seconds - 86_400))
    }

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
        SELECT lectern.apply_control(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, $1::text::jsonb, '{}', '{}', '{}', '{}')
        """, [.text("[\(events.joined(separator: ", "))]")])
    }

    @Test func theNewestConsentWinsAndTiesGoToRevoke() async throws {
      try await withFixture { fixture, courses, privacy in
        func state(_ scope: ConsentEvent.Scope = .analytics) async throws -> ConsentState {
          try await privacy.consent(of: Fixture.learner(5), scope: scope)
        }
        let before = try await state()
        #expect(before == .unknown)
        let events: [(granted: Bool, seconds: Int64, expected: ConsentState)] = [
          (true, 10, .granted), (false, 5, .granted), (false, 10, .revoked), (true, 10, .revoked), (true, 11, .granted),
        ]
        for event in events {
          try await courses.apply([Fixture.consent(5, granted: event.granted, at: at(fixture, event.seconds))])
          let now = try await state()
          #expect(now == event.expected, "\(event)")
        }
        let research = try await state(.research)
        #expect(research == .unknown)
      }
    }

    /// As where the LMS's clock runs ahead.
    @Test func anOperatorsRevocationWinsOverALaterGrant() async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database)
        let courses = CourseRepository(connection: fixture.owner)
        let privacy = PrivacyRepository(connection: fixture.owner)
        let operators = PrivacyRepository(connection: try await database.connect(role: "lectern_ingest"))
        let later = at(fixture, 10)
        func decide(_ granted: Bool, _ seconds: Int64, _ scope: ConsentEvent.Scope) async throws -> ConsentOutcome {
          try await operators.decide(
            ConsentEvent(
              eventID: "decision", source: Fixture.source, time: at(fixture, seconds), learnerID: "learner-0",
              scope: scope, granted: granted),
            pseudonymizer: Fixture.pseudonymizer)
        }
        for scope in ConsentEvent.Scope.allCases {
          try await courses.apply([Fixture.consent(0, scope: scope, granted: true, at: later)])
          let early = try await decide(true, 0, scope)
          #expect(early == .superseded(by: StatedConsent(granted: true, since: later)))
          // Once more changes nothing, and is no failure.
          for _ in 0..<2 {
            let revoked = try await decide(false, 0, scope)
            #expect(revoked == .holds(since: later))
            let state = try await privacy.consent(of: Fixture.learner(0), scope: scope)
            #expect(state == .revoked)
          }
          let refused = try await decide(true, 10, scope)
          #expect(refused == .superseded(by: StatedConsent(granted: false, since: later)))
          let granted = try await decide(true, 11, scope)
          #expect(granted == .holds(since: at(fixture, 11)))
          let last = try await decide(false, 12, scope)
          #expect(last == .holds(since: at(fixture, 12)))
        }
        #expect(try await fixture.number("SELECT count(*) FROM lectern.erasure") == 2)
        await fixture.close()
      }
    }

    @Test func revokingAnalyticsErasesWhatWasStored() async throws {
      try await withFixture { fixture, courses, privacy in
        let samples = (0..<5).map { fixture.sample(offset: Int64($0), sequence: Int32($0)) }
        let kept = fixture.sample(offset: 5, session: 1, sequence: 0)
        _ = try await fixture.repository.store(fixture.batch(samples + [kept]))
        try await fixture.owner.execute("DELETE FROM lectern.rollup_dirty")
        try await courses.apply([Fixture.consent(0, granted: false, at: at(fixture, 0))])
        #expect(try await fixture.number("SELECT count(*) FROM lectern.erasure WHERE pending") == 1)
        // In chunks, each with its dirty entry and its count in the ledger.
        #expect(try await privacy.erasePending(limit: 3) == 3)
        #expect(try await privacy.erasePending(limit: 3) == 2)
        #expect(try await privacy.erasePending(limit: 3) == nil)
        #expect(try await fixture.number("SELECT count(*) FROM lectern.emotion_sample") == 1)
        #expect(try await fixture.number("SELECT count(DISTINCT session_id) FROM lectern.rollup_dirty") == 1)
        let counters = try await fixture.counters()
        #expect((counters.samples, counters.erased) == (6, 5))
        let receipt = try await privacy.receipt(erasureID: 1)
        #expect(receipt?.isPending == false)
        #expect(receipt?.samplesRemoved == 5)
      }
    }

    /// The first worker, one after an outage and a restored database apply what was said long ago: what was captured
    /// since the last consent is stored then, though the revocation before it is only now carried out.
    @Test func aRevocationAppliedLateCoversNothingThatWasCapturedAfterTheNextConsent() async throws {
      try await withFixture { fixture, courses, privacy in
        _ = try await fixture.repository.store(fixture.batch([fixture.sample(offset: 0, sequence: 0)]))
        let (revoked, again) = (at(fixture, 100), at(fixture, 200))
        try await courses.apply([
          Fixture.consent(0, granted: false, at: revoked), Fixture.consent(0, granted: true, at: again),
        ])
        let key = SessionKey(
          source: Fixture.source, courseID: "course-1", learner: Fixture.learner(0), sessionID: "session-0")
        let known = try #require(try await fixture.repository.resolve([key]).first)
        #expect(known.consent == .granted)
        #expect(known.frame(capturedAt: again, storedCapture: nil).isErased)
        #expect(!known.frame(capturedAt: again.advanced(by: .milliseconds(1)), storedCapture: nil).isErased)
        // What was stored before is deleted all the same.
        #expect(try await privacy.erasePending() == 1)
        let opening = try await fixture.repository.openSession(
          source: Fixture.source, sessionID: "new", courseID: fixture.courseID, learner: Fixture.learner(0),
          capturedAt: again.advanced(by: .seconds(1)), frameIntervalMilliseconds: 1000)
        guard case .open = opening else {
          Issue.record("\(opening)")
          return
        }
      }
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
        try await aggregator.execute("BEGIN; SELECT pg_advisory_xact_lock(3, \(fixture.courseID))")
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
      try await withFixture { fixture, courses, _ in
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
        let result = try await courses.apply([Fixture.consent(5, granted: true, at: at(fixture, 0))])
        #expect(result == ControlResult(applied: 1, superseded: 0, rejects: 0))
        #expect(try await fixture.number(tries) == 3)
        let error = await #expect(throws: PostgresError.self) {
          try await courses.apply([Fixture.consent(6, granted: true, at: at(fixture, 0))])
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

    /// The clock went back between a store and the order.
    @Test func anErasureTakesWhatAClockAheadHadStored() async throws {
      try await withFixture { fixture, _, privacy in
        _ = try await fixture.repository.store(fixture.batch([fixture.sample(offset: 0, sequence: 0)]))
        try await fixture.owner.execute(
          """
          UPDATE lectern.emotion_sample SET ingested_at = now() + interval '1 hour';
          UPDATE lectern.session SET created_at = now() + interval '1 hour'
          """)
        _ = try await privacy.erase(Fixture.learner(0))
        #expect(try await privacy.erasePending() == 1)
        #expect(try await fixture.number("SELECT count(*) FROM lectern.emotion_sample") == 0)
        // The session goes too, but not before an aggregator has looked at it: its sums would be nobody's.
        let sessions = "SELECT count(*) FROM lectern.session"
        let before = try await fixture.number(sessions)
        try await fixture.owner.execute("SELECT lectern.forget_sessions()")
        #expect(try await fixture.number(sessions) == before)
        try await fixture.owner.execute("DELETE FROM lectern.rollup_dirty; SELECT lectern.forget_sessions()")
        #expect(try await fixture.number(sessions) == before - 1)
      }
    }

    @Test func revokingAnotherScopeErasesNothing() async throws {
      try await withFixture { fixture, courses, privacy in
        try await courses.apply([
          Fixture.consent(0, scope: .research, granted: true, at: at(fixture, 0)),
          Fixture.consent(0, scope: .research, granted: false, at: at(fixture, 1)),
        ])
        #expect(try await privacy.consent(of: Fixture.learner(0), scope: .research) == .revoked)
        #expect(try await fixture.number("SELECT count(*) FROM lectern.erasure") == 0)
      }
    }

    @Test func anErasedLearnerStaysOutAndOthersStay() async throws {
      try await withFixture { fixture, courses, privacy in
        _ = try await fixture.repository.store(fixture.batch([fixture.sample(offset: 0, sequence: 0)]))
        let order = try await privacy.erase(Fixture.learner(0))
        #expect(try await privacy.erasePending() == 1)
        #expect(try await privacy.erasePending() == nil)
        let key = SessionKey(
          source: Fixture.source, courseID: "course-1", learner: Fixture.learner(0), sessionID: "session-0")
        let known = try #require(try await fixture.repository.resolve([key]).first)
        #expect(known.erasedUntil == order.cutoff)
        func isErased(_ time: EventTime, _ known: SessionResolution) -> Bool {
          known.frame(capturedAt: time, storedCapture: nil).isErased
        }
        #expect(isErased(order.cutoff, known))
        #expect(!isErased(order.cutoff.advanced(by: .milliseconds(1)), known))
        #expect(known.consent == .revoked)
        let opening = try await fixture.repository.openSession(
          source: Fixture.source, sessionID: "new", courseID: fixture.courseID, learner: Fixture.learner(0),
          capturedAt: order.cutoff.advanced(by: .seconds(1)), frameIntervalMilliseconds: 1000)
        #expect(opening == .refused(.noConsent))
        // A later consent counts for what is captured after the erasure.
        try await courses.apply([
          Fixture.consent(0, granted: true, at: order.cutoff.advanced(by: .seconds(1)))
        ])
        let again = try #require(try await fixture.repository.resolve([key]).first)
        #expect(isErased(order.cutoff, again))
        #expect(!isErased(order.cutoff.advanced(by: .milliseconds(1)), again))
        #expect(again.consent == .granted)
        let old = try await fixture.repository.openSession(
          source: Fixture.source, sessionID: "old", courseID: fixture.courseID, learner: Fixture.learner(0),
          capturedAt: order.cutoff, frameIntervalMilliseconds: 1000)
        #expect(old == .refused(.erased))
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
          async let revoked = courses.apply([Fixture.consent(learner, granted: false, at: at(fixture, 0))])
          let result = try await stored
          _ = try await revoked
          #expect(result.samples + result.consentLost == 50)
          while try await privacy.erasePending() != nil {}
          #expect(try await fixture.number("SELECT count(*) FROM lectern.emotion_sample") == 0)
        }
        await fixture.close()
      }
    }

    @Test func aCourseEditReplacesSegmentsAndDirtiesItsSessions() async throws {
      try await withFixture { fixture, courses, _ in
        _ = try await fixture.repository.store(
          fixture.batch([fixture.sample(offset: 0, sequence: 0), fixture.sample(offset: 1, sequence: 1)]))
        func dirty() async throws -> Int64 {
          let count = try await fixture.number("SELECT count(*) FROM lectern.rollup_dirty")
          try await fixture.owner.execute("DELETE FROM lectern.rollup_dirty")
          return count
        }
        #expect(try await dirty() == 1)
        // The same again, and a title alone, change no figure.
        try await courses.apply([Fixture.course(at: at(fixture, 0), title: "Systems")])
        #expect(try await dirty() == 0)
        // Only the session that has samples.
        var segments = Array(Fixture.defaultSegments.prefix(1))
        segments.append(
          SegmentDefinition(
            id: "live", title: "Live", ordinal: 7,
            range: .clock(start: fixture.noon, end: fixture.noon.advanced(by: .seconds(60)))))
        try await courses.apply([Fixture.course(at: at(fixture, 1), title: "Systems", segments: segments)])
        #expect(try await dirty() == 1)
        let course = try await courses.course(source: Fixture.source, externalID: "course-1")
        #expect(course?.title == "Systems")
        #expect(course?.teachers == ["t1"])
        #expect(course?.segments.map(\.definition) == segments)
        #expect(try await courses.courses().count == 1)
        // Older than what is known: nothing happens, and it says so.
        let result = try await courses.apply([Fixture.course(at: at(fixture, 0), title: "Old")])
        #expect(result == ControlResult(applied: 1, superseded: 1, rejects: 0))
        #expect(try await dirty() == 0)
        // A segment that comes back keeps its key.
        let kept = try await fixture.number(
          "SELECT segment_id FROM lectern.segment WHERE external_id = 'segment-1' AND retired_at IS NOT NULL")
        try await courses.apply([Fixture.course(at: at(fixture, 2))])
        let back = try await courses.course(id: fixture.courseID)
        #expect(back?.segments.map(\.definition) == Fixture.defaultSegments)
        #expect(back?.segments.last?.key == kept)
      }
    }

    @Test func aSessionEventDirtiesItsSession() async throws {
      try await withFixture { fixture, courses, _ in
        _ = try await fixture.repository.store(fixture.batch([fixture.sample(offset: 0, sequence: 0)]))
        try await fixture.owner.execute("DELETE FROM lectern.rollup_dirty")
        try await courses.apply([
          Fixture.session(0, intervalMilliseconds: 2000, at: at(fixture, 5)),
          Fixture.session(0, intervalMilliseconds: 3000, at: at(fixture, 4)),
          Fixture.session(9, intervalMilliseconds: 4000, at: at(fixture, 4)),
        ])
        #expect(try await fixture.number("SELECT count(*) FROM lectern.rollup_dirty") == 1)
        #expect(
          try await fixture.number(
            "SELECT frame_interval_ms FROM lectern.session_declaration WHERE external_id = 'session-0'") == 2000)
        #expect(try await fixture.number("SELECT count(*) FROM lectern.session_declaration") == 2)
      }
    }

    @Test func controlRecordsMoveTheirLedgerOrNothing() async throws {
      try await withFixture { fixture, courses, privacy in
        let log = LogIdentity(clusterID: "cluster", topic: "lectern.control.v1", partition: 0)
        let claim = try await fixture.repository.claim(log, group: Fixture.group, lowWatermark: 0).ledger
        var batch = ControlBatch(
          step: LedgerStep(
            ledgerID: claim.ledgerID, epoch: claim.epoch, expectedOffset: 0, nextOffset: 4, skipped: 1,
            last: LastRecord(offset: 3, timestampMilliseconds: nil, idHash: -1)),
          events: [
            Fixture.consent(5, granted: true, at: at(fixture, 0)),
            Fixture.consent(6, granted: false, at: at(fixture, 0)),
          ],
          rejects: [fixture.reject(offset: 1, .badEvent)])
        #expect(
          try await fixture.repository.applyControl(batch) == ControlResult(applied: 2, superseded: 0, rejects: 1))
        let totals = try await LedgerRepository(connection: fixture.owner).totals(topic: "lectern.control.v1")
        #expect((totals.applied, totals.rejects, totals.skipped, totals.accounted) == (2, 1, 1, 4))
        // The same records again are fenced and change nothing.
        batch.events = [Fixture.consent(5, granted: false, at: at(fixture, 1))]
        let error = await #expect(throws: PostgresError.self) { try await fixture.repository.applyControl(batch) }
        #expect(error?.code == .fenced)
        #expect(try await privacy.consent(of: Fixture.learner(5), scope: .analytics) == .granted)
      }
    }

    @Test func aSessionBelongsToWhoeverOpenedIt() async throws {
      try await withFixture { fixture, _, _ in
        let opening = try await fixture.repository.openSession(
          source: Fixture.source, sessionID: "session-0", courseID: fixture.courseID, learner: Fixture.learner(1),
          capturedAt: fixture.noon.advanced(by: .seconds(86_400)), frameIntervalMilliseconds: 1)
        #expect(opening == .open(fixture.sessions[0]))
        #expect(fixture.sessions[0].day == fixture.noon.day)
      }
    }
  }
}
