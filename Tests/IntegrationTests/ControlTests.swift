import Analytics
import Cryptography
import LearningEvents
import Persistence
import PostgresIO
import TestSupport
import Testing

extension Database {
  /// `lectern.apply_control`: what is said of courses and sessions, and its ledger.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct ControlTests {
    typealias Fixture = PostgresIngestFixture

    @Test func aCourseEditReplacesSegmentsAndDirtiesItsSessions() async throws {
      try await Fixture.withControl { fixture, courses, _ in
        _ = try await fixture.repository.store(
          fixture.batch([fixture.sample(offset: 0, sequence: 0), fixture.sample(offset: 1, sequence: 1)]))
        func dirty() async throws -> Int64 {
          let count = try await fixture.number("SELECT count(*) FROM lectern.rollup_dirty")
          try await fixture.owner.execute("DELETE FROM lectern.rollup_dirty")
          return count
        }
        #expect(try await dirty() == 1)
        // The same again, and a title alone, change no figure.
        try await courses.apply([Fixture.course(at: fixture.yesterday(0), title: "Systems")])
        #expect(try await dirty() == 0)
        // Only the session that has samples.
        var segments = Array(Fixture.defaultSegments.prefix(1))
        segments.append(
          SegmentDefinition(
            id: "live", title: "Live", ordinal: 7,
            range: .clock(start: fixture.noon, end: fixture.noon.advanced(by: .seconds(60)))))
        try await courses.apply([Fixture.course(at: fixture.yesterday(1), title: "Systems", segments: segments)])
        #expect(try await dirty() == 1)
        let course = try await courses.course(source: Fixture.source, externalID: "course-1")
        #expect(course?.title == "Systems")
        #expect(course?.teachers == ["t1"])
        #expect(course?.segments.map(\.definition) == segments)
        #expect(try await courses.courses().count == 1)
        // Older than what is known: nothing happens, and it says so.
        let result = try await courses.apply([Fixture.course(at: fixture.yesterday(0), title: "Old")])
        #expect(result == ControlResult(applied: 1, superseded: 1, rejects: 0))
        #expect(try await dirty() == 0)
        // A segment that comes back keeps its key.
        let kept = try await fixture.number(
          "SELECT segment_id FROM lectern.segment WHERE external_id = 'segment-1' AND retired_at IS NOT NULL")
        try await courses.apply([Fixture.course(at: fixture.yesterday(2))])
        let back = try await courses.course(id: fixture.courseID)
        #expect(back?.segments.map(\.definition) == Fixture.defaultSegments)
        #expect(back?.segments.last?.key == kept)
      }
    }

    @Test func aSessionEventDirtiesItsSession() async throws {
      try await Fixture.withControl { fixture, courses, _ in
        _ = try await fixture.repository.store(fixture.batch([fixture.sample(offset: 0, sequence: 0)]))
        try await fixture.owner.execute("DELETE FROM lectern.rollup_dirty")
        try await courses.apply([
          Fixture.session(0, intervalMilliseconds: 2000, at: fixture.yesterday(5)),
          Fixture.session(0, intervalMilliseconds: 3000, at: fixture.yesterday(4)),
          Fixture.session(9, intervalMilliseconds: 4000, at: fixture.yesterday(4)),
        ])
        #expect(try await fixture.number("SELECT count(*) FROM lectern.rollup_dirty") == 1)
        #expect(
          try await fixture.number(
            "SELECT frame_interval_ms FROM lectern.session_declaration WHERE external_id = 'session-0'") == 2000)
        #expect(try await fixture.number("SELECT count(*) FROM lectern.session_declaration") == 2)
      }
    }

    @Test func controlRecordsMoveTheirLedgerOrNothing() async throws {
      try await Fixture.withControl { fixture, courses, privacy in
        let log = LogIdentity(clusterID: "cluster", topic: "lectern.control.v1", partition: 0)
        let claim = try await fixture.repository.claim(log, group: Fixture.group, lowWatermark: 0).ledger
        var batch = ControlBatch(
          step: LedgerStep(
            ledgerID: claim.ledgerID, epoch: claim.epoch, expectedOffset: 0, nextOffset: 4, skipped: 1,
            last: RecordMark(offset: 3, timestampMilliseconds: nil, idHash: -1)),
          events: [
            Fixture.consent(5, granted: true, at: fixture.yesterday(0)),
            Fixture.consent(6, granted: false, at: fixture.yesterday(0)),
          ],
          rejects: [fixture.reject(offset: 1, .badEvent)])
        #expect(
          try await fixture.repository.applyControl(batch) == ControlResult(applied: 2, superseded: 0, rejects: 1))
        let totals = try await LedgerRepository(connection: fixture.owner).totals(topic: "lectern.control.v1")
        #expect((totals.applied, totals.rejects, totals.skipped, totals.accounted) == (2, 1, 1, 4))
        // The same records again are fenced and change nothing.
        batch.events = [Fixture.consent(5, granted: false, at: fixture.yesterday(1))]
        let error = await #expect(throws: PostgresError.self) { try await fixture.repository.applyControl(batch) }
        #expect(error?.code == .fenced)
        #expect(
          try await privacy.consent(of: Fixture.learner(5), scope: .analytics) == .granted(since: fixture.yesterday(0)))
      }
    }

    @Test func aSessionBelongsToWhoeverOpenedIt() async throws {
      try await Fixture.withControl { fixture, _, _ in
        let opening = try await fixture.repository.openSession(
          source: Fixture.source, sessionID: "session-0", courseID: fixture.courseID, learner: Fixture.learner(1),
          capturedAt: fixture.noon.advanced(by: .seconds(86_400)), frameIntervalMilliseconds: 1)
        #expect(opening == .open(fixture.sessions[0]))
        #expect(fixture.sessions[0].day == fixture.noon.day)
      }
    }
  }
}
