package import Cryptography
package import LearningEvents
package import PostgresIO

/// An ordered erasure: what was ingested up to `cutoff` is to be deleted, what was captured up to it never stored
/// again.
package struct ErasureOrder: Sendable, Equatable {
  package let id: Int64
  package let cutoff: EventTime

  package init(id: Int64, cutoff: EventTime) { (self.id, self.cutoff) = (id, cutoff) }
}

/// How far an erasure is.
package struct ErasureReceipt: Sendable, Equatable {
  package let id: Int64
  package let cutoff: EventTime
  package let isPending: Bool
  package let samplesRemoved: Int64
  /// Sessions deleted with all that was known of them; the last step.
  package let sessionsRemoved: Int64
  /// True once nothing is left to do, the learner's sessions included. A revocation never gets there: it keeps them.
  package let isComplete: Bool

  package init(
    id: Int64, cutoff: EventTime, isPending: Bool, samplesRemoved: Int64, sessionsRemoved: Int64, isComplete: Bool
  ) {
    (self.id, self.cutoff, self.isPending, self.isComplete) = (id, cutoff, isPending, isComplete)
    (self.samplesRemoved, self.sessionsRemoved) = (samplesRemoved, sessionsRemoved)
  }
}

/// What is stored of one learner.
package struct LearnerHoldings: Sendable, Equatable {
  package let sessions: Int64
  package let samples: Int64
  /// Rows of `session_segment_sum`, `session_minute_sum`, `learner_segment_metric` and `release_contribution`.
  package let rollupRows: Int64
  /// When the first and the last of the samples were captured; nil without samples.
  package let firstCapturedAt: EventTime?
  package let lastCapturedAt: EventTime?

  package init(
    sessions: Int64, samples: Int64, rollupRows: Int64, firstCapturedAt: EventTime?, lastCapturedAt: EventTime?
  ) {
    (self.sessions, self.samples, self.rollupRows) = (sessions, samples, rollupRows)
    (self.firstCapturedAt, self.lastCapturedAt) = (firstCapturedAt, lastCapturedAt)
  }

  package var isEmpty: Bool { sessions == 0 && samples == 0 && rollupRows == 0 }
}

/// What was said last of one consent.
package struct StatedConsent: Sendable, Equatable {
  package let granted: Bool
  /// The time of the event that said it; later than now where a clock runs ahead.
  package let time: EventTime

  package init(granted: Bool, time: EventTime) { (self.granted, self.time) = (granted, time) }
}

/// What became of an operator's word on a consent.
package enum ConsentOutcome: Sendable, Equatable {
  /// It holds, as of this time.
  case holds(asOf: EventTime)
  /// Nothing changed: what was said for a later time holds, or a revocation for the same.
  case superseded(by: StatedConsent)
}

/// Consent and erasure. Consent events go through `CourseRepository.apply` or a worker.
package struct PrivacyRepository: Sendable {
  package let connection: PostgresConnection

  package init(connection: PostgresConnection) { self.connection = connection }

  /// Orders the erasure of a learner and withdraws every consent, with a line in the audit log; the aggregator then
  /// deletes.
  ///
  /// - Parameter by: who decides, in words.
  package func erase(_ learner: LearnerPseudonym, by: String) async throws(PostgresError) -> ErasureOrder {
    let row = try await connection.query(
      "SELECT * FROM lectern.order_erasure($1, $2)", [.uuid(learner), .text(by)]
    ).single()
    return ErasureOrder(id: try row.decode("erasure_id"), cutoff: try row.decode("cutoff"))
  }

  /// Leaves a line in the audit log for a look at one learner's holdings that nothing else records. Needs the role
  /// `lectern_ingest` or `lectern_aggregator`.
  ///
  /// - Parameter by: who looks, in words.
  package func noteRead(by: String) async throws(PostgresError) {
    try await connection.query("SELECT lectern.note_read($1)", [.text(by)])
  }

  /// What is stored of a learner now. Needs the role `lectern_aggregator`.
  package func holdings(of learner: LearnerPseudonym) async throws(PostgresError) -> LearnerHoldings {
    // Through the sessions, because samples and minutes have no index on the learner.
    let row = try await connection.query(
      """
      WITH own AS MATERIALIZED (
        SELECT session_id, session_day, course_id FROM lectern.session WHERE learner = $1
      ), sample AS (
        SELECT count(*) AS n, min(e.captured_at) AS first, max(e.captured_at) AS last
        FROM own o JOIN lectern.emotion_sample e ON e.session_day = o.session_day AND e.session_id = o.session_id
      )
      SELECT (SELECT count(*) FROM own) AS sessions, s.n AS samples, s.first, s.last,
        (SELECT count(*) FROM own JOIN lectern.session_segment_sum USING (course_id, session_day, session_id))
        + (SELECT count(*) FROM own JOIN lectern.session_minute_sum USING (course_id, session_day, session_id))
        + (SELECT count(*) FROM lectern.learner_segment_metric m WHERE m.learner = $1)
        + (SELECT count(*) FROM lectern.release_contribution r WHERE r.learner = $1) AS rollups
      FROM sample s
      """, [.uuid(learner)]
    ).single()
    return LearnerHoldings(
      sessions: try row.decode("sessions"), samples: try row.decode("samples"),
      rollupRows: try row.decode("rollups"), firstCapturedAt: try row.decodeIfPresent("first"),
      lastCapturedAt: try row.decodeIfPresent("last"))
  }

  /// What an erasure has removed so far.
  package func receipt(erasureID: Int64) async throws(PostgresError) -> ErasureReceipt? {
    let rows = try await connection.query(
      "SELECT * FROM lectern.erasure WHERE erasure_id = $1", [.int8(erasureID)])
    guard let row = rows.first else { return nil }
    return ErasureReceipt(
      id: erasureID, cutoff: try row.decode("cutoff"), isPending: try row.decode("pending"),
      samplesRemoved: try row.decode("samples_removed"), sessionsRemoved: try row.decode("sessions_removed"),
      isComplete: try row.decodeIfPresent("forgotten_at", as: EventTime.self) != nil)
  }

  /// Applies an operator's word on one consent. Needs the role `lectern_ingest`.
  ///
  /// A grant gives way to newer events, as one of a log does. A revocation never gives way: where the clock that dated
  /// the grant runs ahead of the one that dates the revocation, it takes the grant's time.
  ///
  /// - Parameter by: who says it, in words, for the audit log.
  package func decide(
    _ word: ConsentEvent, pseudonymizer: LearnerPseudonymizer, by: String
  ) async throws(PostgresError) -> ConsentOutcome {
    let learner = pseudonymizer.pseudonym(source: word.source, learnerID: word.learnerID)
    let said = word.time
    var word = word
    while true {
      if !word.granted, let before = try await statedConsent(of: learner, scope: word.scope) {
        word.time = max(word.time, before.time)
      }
      let result = try await CourseRepository(connection: connection).apply(
        [ControlRow(.consent(word), recordedAt: said, pseudonymizer: pseudonymizer)], by: by)
      guard result.superseded > 0 else { return .holds(asOf: word.time) }
      if word.granted, let stated = try await statedConsent(of: learner, scope: word.scope) {
        return .superseded(by: stated)
      }
      // A consent of a clock that runs ahead came in between.
    }
  }

  /// Nil if nothing was ever said. A function, because workers' role reads no table.
  private func statedConsent(
    of learner: LearnerPseudonym, scope: ConsentEvent.Scope
  ) async throws(PostgresError) -> StatedConsent? {
    let rows = try await connection.query(
      "SELECT granted, event_time FROM lectern.read_consent($1, $2)", [.uuid(learner), .text(scope.rawValue)])
    guard let row = rows.first else { return nil }
    return StatedConsent(granted: try row.decode("granted"), time: try row.decode("event_time"))
  }
}
