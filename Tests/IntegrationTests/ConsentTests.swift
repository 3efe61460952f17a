import Analytics
import Cryptography
import LearningEvents
import Persistence
import PostgresIO
import TestSupport
import Testing

extension Database {
  /// What consent events and orders of erasure do, one at a time.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct ConsentTests {
    typealias Fixture = PostgresIngestFixture

    @Test func theNewestConsentWinsAndTiesGoToRevoke() async throws {
      try await Fixture.withControl { fixture, courses, privacy in
        func state(_ scope: ConsentEvent.Scope = .analytics) async throws -> ConsentState {
          try await privacy.consent(of: Fixture.learner(5), scope: scope)
        }
        let before = try await state()
        #expect(before == .unknown)
        let (first, second) = (fixture.yesterday(10), fixture.yesterday(11))
        let events: [(granted: Bool, seconds: Int64, expected: ConsentState)] = [
          (true, 10, .granted(since: first)), (false, 5, .granted(since: first)), (false, 10, .revoked),
          (true, 10, .revoked), (true, 11, .granted(since: second)), (true, 12, .granted(since: second)),
        ]
        for event in events {
          try await courses.apply([Fixture.consent(5, granted: event.granted, at: fixture.yesterday(event.seconds))])
          let now = try await state()
          #expect(now == event.expected, "\(event)")
        }
        let research = try await state(.research)
        #expect(research == .unknown)
      }
    }

    /// A clock that runs ahead dates a consent later than it was given: whoever revokes it meanwhile is heard, and the
    /// consent does not come back when it is sent once more.
    @Test func aRevocationIsHeardThoughTheConsentIsDatedLater() async throws {
      try await Fixture.withControl { fixture, courses, privacy in
        let ahead = fixture.yesterday(7200)
        let grant = Fixture.consent(5, granted: true, at: ahead, recordedAt: fixture.yesterday(0))
        try await courses.apply([grant])
        #expect(try await privacy.consent(of: Fixture.learner(5), scope: .analytics) == .granted(since: ahead))
        let result = try await courses.apply([
          Fixture.consent(5, granted: false, at: fixture.yesterday(60), recordedAt: fixture.yesterday(61))
        ])
        #expect((result.superseded, result.overruled) == (0, 0))
        for late in [
          Fixture.consent(5, granted: true, at: ahead, recordedAt: fixture.yesterday(120)),
          Fixture.consent(5, granted: true, at: fixture.yesterday(180)),
        ] {
          try await courses.apply([late])
          #expect(try await privacy.consent(of: Fixture.learner(5), scope: .analytics) == .revoked)
        }
        let again = fixture.yesterday(7201)
        try await courses.apply([Fixture.consent(5, granted: true, at: again)])
        #expect(try await privacy.consent(of: Fixture.learner(5), scope: .analytics) == .granted(since: again))
      }
    }

    /// As when its topic is mirrored to another cluster, or a new ledger begins at its start.
    @Test func aLogThatIsReadAgainChangesNothing() async throws {
      try await Fixture.withControl { fixture, courses, privacy in
        func event(_ granted: Bool, _ seconds: Int64, recordedAfter delay: Int64 = 0) -> ControlRow {
          Fixture.consent(
            0, granted: granted, at: fixture.yesterday(seconds), recordedAt: fixture.yesterday(seconds + delay))
        }
        let log = [
          event(true, 900), event(false, 1000), event(true, 1100),
          // Of a clock an hour ahead, and revoked by one that is right.
          event(true, 4800, recordedAfter: -3600), event(false, 1300), event(true, 4900),
          // Three that overtook each other.
          event(true, 5000), event(true, 5400), event(false, 5200, recordedAfter: 600),
        ]
        var ends: [ConsentState] = []
        var erasures: [Int64] = []
        for _ in 0..<2 {
          try await courses.apply(log)
          ends.append(try await privacy.consent(of: Fixture.learner(0), scope: .analytics))
          erasures.append(try await fixture.number("SELECT count(*) FROM lectern.erasure"))
        }
        #expect(ends == [.granted(since: fixture.yesterday(5400)), .granted(since: fixture.yesterday(5400))])
        #expect(erasures == [3, 3])
      }
    }

    /// Whoever consented by hand, or to a page of the LMS that was quicker, meant it later than what a log still holds.
    @Test func anOlderRevocationThatComesLateLeavesTheConsent() async throws {
      try await Fixture.withControl { fixture, courses, privacy in
        _ = try await fixture.repository.store(fixture.batch([fixture.sample(offset: 0, sequence: 0)]))
        let given = fixture.yesterday(11)
        try await courses.apply([Fixture.consent(5, granted: true, at: given, recordedAt: given)])
        let result = try await courses.apply([
          Fixture.consent(5, granted: false, at: fixture.yesterday(10), recordedAt: fixture.yesterday(10))
        ])
        #expect((result.superseded, result.overruled) == (1, 1))
        #expect(try await privacy.consent(of: Fixture.learner(5), scope: .analytics) == .granted(since: given))
        #expect(try await fixture.number("SELECT count(*) FROM lectern.erasure") == 0)
      }
    }

    /// Frames of the time in between are covered by neither consent.
    @Test func aRevocationThatComesAfterTheNextConsentEndsTheOneBefore() async throws {
      try await Fixture.withControl { fixture, courses, privacy in
        _ = try await fixture.repository.store(fixture.batch([fixture.sample(offset: 0, sequence: 0)]))
        let (revoked, again) = (fixture.yesterday(100), fixture.yesterday(200))
        try await courses.apply([
          Fixture.consent(0, granted: true, at: fixture.yesterday(50)), Fixture.consent(0, granted: true, at: again),
          Fixture.consent(0, granted: false, at: revoked),
        ])
        #expect(try await privacy.consent(of: Fixture.learner(0), scope: .analytics) == .granted(since: again))
        #expect(try await privacy.erasePending() == 1)
        let key = SessionKey(
          source: Fixture.source, courseID: "course-1", learner: Fixture.learner(0), sessionID: "session-0")
        let known = try #require(try await fixture.repository.resolve([key]).first)
        #expect(known.frame(capturedAt: again, storedCapture: nil).isErased)
        #expect(!known.frame(capturedAt: again.advanced(by: .milliseconds(1)), storedCapture: nil).isErased)
      }
    }

    /// Where the broker's clock is behind the LMS's, its records are older than the events in them.
    @Test func aConsentBeginsNoEarlierThanItsEvent() async throws {
      try await Fixture.withControl { fixture, courses, privacy in
        let slow: Int64 = -3600
        try await courses.apply([
          Fixture.consent(5, granted: false, at: fixture.yesterday(0), recordedAt: fixture.yesterday(slow)),
          Fixture.consent(5, granted: true, at: fixture.yesterday(1800), recordedAt: fixture.yesterday(1800 + slow)),
        ])
        #expect(
          try await privacy.consent(of: Fixture.learner(5), scope: .analytics)
            == .granted(since: fixture.yesterday(1800)))
      }
    }

    /// What changes nothing because the consent is newer is told apart from what says the same once more.
    @Test func aRevocationThatALaterConsentOverrulesIsCounted() async throws {
      try await Fixture.withControl { fixture, courses, _ in
        try await courses.apply([Fixture.consent(5, granted: true, at: fixture.yesterday(10))])
        let late = try await courses.apply([Fixture.consent(5, granted: false, at: fixture.yesterday(5))])
        #expect((late.applied, late.superseded, late.overruled) == (1, 1, 1))
        try await courses.apply([Fixture.consent(5, granted: false, at: fixture.yesterday(20))])
        let again = try await courses.apply([Fixture.consent(5, granted: false, at: fixture.yesterday(15))])
        #expect((again.superseded, again.overruled) == (1, 0))
      }
    }

    /// What was captured before a consent is neither looked at nor stored, whoever asks and whenever.
    @Test func consentCoversNothingFromBefore() async throws {
      try await Fixture.withControl { fixture, courses, privacy in
        let since = fixture.noon.advanced(by: .seconds(10))
        try await courses.apply([
          Fixture.consent(5, granted: true, at: since),
          // Said once more, it goes on from the first.
          Fixture.consent(5, granted: true, at: since.advanced(by: .seconds(5))),
        ])
        #expect(try await privacy.consent(of: Fixture.learner(5), scope: .analytics) == .granted(since: since))
        func open(_ captured: EventTime) async throws -> SessionOpening {
          try await fixture.repository.openSession(
            source: Fixture.source, sessionID: "new", courseID: fixture.courseID, learner: Fixture.learner(5),
            capturedAt: captured, frameIntervalMilliseconds: 1000)
        }
        #expect(try await open(since.advanced(by: .milliseconds(-1))) == .refused(.noConsent))
        guard case .open = try await open(since) else {
          Issue.record("a frame from the moment of consent was refused")
          return
        }
        // Judged before the consent was known to be later, and found at the time of storing.
        try await fixture.owner.query("UPDATE lectern.consent SET since = $1", [.timestamp(since)])
        let stored = try await fixture.repository.store(
          fixture.batch([
            fixture.sample(offset: 0, sequence: 0, capturedAt: since.advanced(by: .seconds(-1))),
            fixture.sample(offset: 1, sequence: 1, capturedAt: since),
          ]))
        #expect((stored.samples, stored.rejects, stored.consentLost) == (1, 1, 1))
        let rejects = try await RejectRepository(connection: fixture.owner).records(RejectFilter(), limit: 10)
        #expect(rejects.map(\.code) == [.noConsent])
        #expect(rejects.map(\.reference.source) == [Fixture.source])
        #expect(rejects.map(\.reference.courseID) == ["course-1"])
      }
    }

    /// As where the LMS's clock runs ahead.
    @Test func anOperatorsRevocationWinsOverALaterGrant() async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database)
        let courses = CourseRepository(connection: fixture.owner)
        let privacy = PrivacyRepository(connection: fixture.owner)
        let operators = PrivacyRepository(connection: try await database.connect(role: "lectern_ingest"))
        let later = fixture.yesterday(10)
        func decide(_ granted: Bool, _ seconds: Int64, _ scope: ConsentEvent.Scope) async throws -> ConsentOutcome {
          try await operators.decide(
            ConsentEvent(
              eventID: "decision", source: Fixture.source, time: fixture.yesterday(seconds), learnerID: "learner-0",
              scope: scope, granted: granted),
            pseudonymizer: Fixture.pseudonymizer, by: "a test")
        }
        for scope in ConsentEvent.Scope.allCases {
          try await courses.apply([Fixture.consent(0, scope: scope, granted: true, at: later)])
          let early = try await decide(true, 0, scope)
          #expect(early == .superseded(by: StatedConsent(granted: true, time: later)))
          // Once more changes nothing, and is no failure.
          for _ in 0..<2 {
            let revoked = try await decide(false, 0, scope)
            #expect(revoked == .holds(asOf: later))
            let state = try await privacy.consent(of: Fixture.learner(0), scope: scope)
            #expect(state == .revoked)
          }
          let refused = try await decide(true, 10, scope)
          #expect(refused == .superseded(by: StatedConsent(granted: false, time: later)))
          let granted = try await decide(true, 11, scope)
          #expect(granted == .holds(asOf: fixture.yesterday(11)))
          let last = try await decide(false, 12, scope)
          #expect(last == .holds(asOf: fixture.yesterday(12)))
        }
        #expect(try await fixture.number("SELECT count(*) FROM lectern.erasure") == 2)
        await fixture.close()
      }
    }

    @Test func revokingAnalyticsErasesWhatWasStored() async throws {
      try await Fixture.withControl { fixture, courses, privacy in
        let samples = (0..<5).map { fixture.sample(offset: Int64($0), sequence: Int32($0)) }
        let kept = fixture.sample(offset: 5, session: 1, sequence: 0)
        _ = try await fixture.repository.store(fixture.batch(samples + [kept]))
        try await fixture.owner.execute("DELETE FROM lectern.rollup_dirty")
        try await courses.apply([Fixture.consent(0, granted: false, at: fixture.yesterday(0))])
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
      try await Fixture.withControl { fixture, courses, privacy in
        _ = try await fixture.repository.store(fixture.batch([fixture.sample(offset: 0, sequence: 0)]))
        let (revoked, again) = (fixture.yesterday(100), fixture.yesterday(200))
        try await courses.apply([
          Fixture.consent(0, granted: false, at: revoked), Fixture.consent(0, granted: true, at: again),
        ])
        let key = SessionKey(
          source: Fixture.source, courseID: "course-1", learner: Fixture.learner(0), sessionID: "session-0")
        let known = try #require(try await fixture.repository.resolve([key]).first)
        #expect(known.consent == .granted(since: again))
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

    /// The clock went back between a store and the order.
    @Test func anErasureTakesWhatAClockAheadHadStored() async throws {
      try await Fixture.withControl { fixture, _, privacy in
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
      try await Fixture.withControl { fixture, courses, privacy in
        try await courses.apply([
          Fixture.consent(0, scope: .research, granted: true, at: fixture.yesterday(0)),
          Fixture.consent(0, scope: .research, granted: false, at: fixture.yesterday(1)),
        ])
        #expect(try await privacy.consent(of: Fixture.learner(0), scope: .research) == .revoked)
        #expect(try await fixture.number("SELECT count(*) FROM lectern.erasure") == 0)
      }
    }

    @Test func anErasedLearnerStaysOutAndOthersStay() async throws {
      try await Fixture.withControl { fixture, courses, privacy in
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
        #expect(again.consent == .granted(since: order.cutoff.advanced(by: .seconds(1))))
        let old = try await fixture.repository.openSession(
          source: Fixture.source, sessionID: "old", courseID: fixture.courseID, learner: Fixture.learner(0),
          capturedAt: order.cutoff, frameIntervalMilliseconds: 1000)
        #expect(old == .refused(.erased))
      }
    }
  }
}
