package import LearningEvents
package import PostgresIO

/// Whether a deployment knows a learner, and the LMS that the learner was named in.
package struct LearnerKnowledge: Sendable, Equatable {
  /// Something was said or stored of the learner once: a consent, a session, an erasure.
  package let learnerIsKnown: Bool
  /// The LMS announced a course or a session once.
  package let sourceIsKnown: Bool
  /// Some of the LMSs that did, up to ten.
  package let knownSources: [SourceID]

  package init(learnerIsKnown: Bool, sourceIsKnown: Bool, knownSources: [SourceID]) {
    (self.learnerIsKnown, self.sourceIsKnown) = (learnerIsKnown, sourceIsKnown)
    self.knownSources = knownSources
  }
}

/// What was said last of one consent, with when it was recorded.
package struct RecordedConsent: Sendable, Equatable {
  package let learner: LearnerPseudonym
  package let scope: ConsentEvent.Scope
  package let stated: StatedConsent
  /// From when on it covers what is captured: the time of the first of the events that granted it; nil unless granted.
  package let since: EventTime?
  /// When the database took what was said last.
  package let recordedAt: EventTime

  package init(
    learner: LearnerPseudonym, scope: ConsentEvent.Scope, stated: StatedConsent, since: EventTime?,
    recordedAt: EventTime
  ) {
    (self.learner, self.scope, self.stated) = (learner, scope, stated)
    (self.since, self.recordedAt) = (since, recordedAt)
  }
}

/// Which consents somebody asks for; nil is no condition.
package struct ConsentFilter: Sendable {
  /// Where a page ends and the next one begins.
  package struct Place: Sendable, Equatable {
    package let learner: LearnerPseudonym
    package let scope: ConsentEvent.Scope

    package init(learner: LearnerPseudonym, scope: ConsentEvent.Scope) { (self.learner, self.scope) = (learner, scope) }
  }

  package var scope: ConsentEvent.Scope?
  package var granted: Bool?
  /// Only consents behind this place.
  package var after: Place?

  package init() {}
}

/// What people ask about learners. Whatever shows one learner to a person leaves a line in the audit log.
extension PrivacyRepository {
  /// Whether the learner and the LMS are known. Needs the role `lectern_ingest` or `lectern_aggregator`.
  package func knowledge(
    of learner: LearnerPseudonym, source: SourceID
  ) async throws(PostgresError) -> LearnerKnowledge {
    let row = try await connection.query(
      "SELECT learner_is_known, source_is_known, known_sources FROM lectern.find_learner($1, $2)",
      [.id(source), .uuid(learner)]
    ).single()
    return LearnerKnowledge(
      learnerIsKnown: try row.decode("learner_is_known"), sourceIsKnown: try row.decode("source_is_known"),
      knownSources: try row.decode("known_sources", as: [String].self).map { SourceID($0) })
  }

  /// What was said last of each consent of a learner, by scope. Needs the role `lectern_aggregator`.
  package func consents(of learner: LearnerPseudonym) async throws(PostgresError) -> [RecordedConsent] {
    try await connection.query(
      "SELECT $1::uuid AS learner, scope, granted, since, event_time, recorded_at FROM lectern.read_consents($1)",
      [.uuid(learner)]
    ).map(RecordedConsent.init)
  }

  /// Up to `limit` consents in the order of pseudonyms. Needs the role `lectern_aggregator`.
  ///
  /// - Parameter by: who looks, in words, for the audit log.
  package func consents(
    _ filter: ConsentFilter, limit: Int, by: String
  ) async throws(PostgresError) -> [RecordedConsent] {
    try await connection.query(
      """
      SELECT learner, scope, granted, since, event_time, recorded_at
      FROM lectern.list_consents($1::text, $2::boolean, $3::uuid, $4::text, $5, $6)
      """,
      [
        .optional(filter.scope?.rawValue), filter.granted.map { .bool($0) } ?? .null,
        filter.after.map { .uuid($0.learner) } ?? .null, .optional(filter.after?.scope.rawValue), .int8(Int64(limit)),
        .text(by),
      ]
    ).map(RecordedConsent.init)
  }

  /// The tombstones of a learner, the oldest first. Needs the role `lectern_aggregator`.
  package func erasures(of learner: LearnerPseudonym) async throws(PostgresError) -> [ErasureRecord] {
    try await connection.query(
      """
      SELECT erasure_id, reason, cutoff, pending, samples_removed, sessions_removed FROM lectern.erasure
      WHERE learner = $1 ORDER BY erasure_id
      """, [.uuid(learner)]
    ).map { (row) throws(PostgresError) in
      ErasureRecord(
        id: try row.decode("erasure_id"), reason: try row.decode("reason"), cutoff: try row.decode("cutoff"),
        isPending: try row.decode("pending"), samplesRemoved: try row.decode("samples_removed"),
        sessionsRemoved: try row.decode("sessions_removed"))
    }
  }

  /// Everything that is stored of a learner, as one JSON object. Needs the role `lectern_aggregator`.
  ///
  /// It is as large as what is stored: some 500 bytes for each sample, a gigabyte at most.
  ///
  /// - Parameter by: who looks, in words, for the audit log.
  package func export(of learner: LearnerPseudonym, by: String) async throws(PostgresError) -> String {
    try await connection.query(
      "SELECT lectern.export_learner($1, $2)", [.uuid(learner), .text(by)], deadline: .seconds(600)
    ).value()
  }
}

/// A tombstone: an erasure or a revocation that deleted what was stored.
package struct ErasureRecord: Sendable, Equatable {
  package let id: Int64
  /// `erasure` or `revocation`.
  package let reason: String
  package let cutoff: EventTime
  package let isPending: Bool
  package let samplesRemoved: Int64
  package let sessionsRemoved: Int64

  package init(
    id: Int64, reason: String, cutoff: EventTime, isPending: Bool, samplesRemoved: Int64, sessionsRemoved: Int64
  ) {
    (self.id, self.reason, self.cutoff, self.isPending) = (id, reason, cutoff, isPending)
    (self.samplesRemoved, self.sessionsRemoved) = (samplesRemoved, sessionsRemoved)
  }
}

extension RecordedConsent {
  init(_ row: PostgresRow) throws(PostgresError) {
    let scope: String = try row.decode("scope")
    guard let known = ConsentEvent.Scope(rawValue: scope) else {
      throw PostgresError(code: .decoding, message: "no scope of a consent", operation: "reading consents")
    }
    self.init(
      learner: try row.decode("learner"), scope: known,
      stated: StatedConsent(granted: try row.decode("granted"), time: try row.decode("event_time")),
      since: try row.decodeIfPresent("since"), recordedAt: try row.decode("recorded_at"))
  }
}
