package import Cryptography
package import LearningEvents
package import PostgresIO

/// An ordered erasure: what was ingested up to `cutoff` is to be deleted.
package struct ErasureOrder: Sendable, Equatable {
  package let id: Int64
  package let cutoff: EventTime
}

/// How far an erasure is.
package struct ErasureReceipt: Sendable, Equatable {
  package let id: Int64
  package let cutoff: EventTime
  package let isPending: Bool
  package let samplesRemoved: Int64
  package let sessionsTouched: Int64
}

/// Consent and erasure. Consent events go through `CourseRepository.apply` or a worker.
package struct PrivacyRepository: Sendable {
  private let connection: PostgresConnection

  package init(connection: PostgresConnection) { self.connection = connection }

  /// Orders the erasure of a learner and withdraws every consent; `erasePending` then deletes.
  package func erase(_ learner: LearnerPseudonym) async throws(PostgresError) -> ErasureOrder {
    let row = try await connection.query("SELECT * FROM lectern.erase_learner($1)", [.uuid(learner.postgres)]).single()
    return ErasureOrder(
      id: try row.decode("erasure_id"), cutoff: EventTime(try row.decode("cutoff", as: PostgresTimestamp.self)))
  }

  /// Deletes up to `limit` samples of the oldest pending erasure, in one transaction. Returns how many, or nil if nothing
  /// is pending (or another aggregator is at it). Call until nil.
  package func erasePending(limit: Int32 = 5000) async throws(PostgresError) -> Int64? {
    let row = try await connection.query("SELECT * FROM lectern.erase_pending($1)", [.int4(limit)]).single()
    return try row.decodeIfPresent("removed")
  }

  /// What an erasure has removed so far.
  package func receipt(erasureID: Int64) async throws(PostgresError) -> ErasureReceipt? {
    let rows = try await connection.query(
      "SELECT * FROM lectern.erasure WHERE erasure_id = $1", [.int8(erasureID)])
    guard let row = rows.first else { return nil }
    return ErasureReceipt(
      id: erasureID, cutoff: EventTime(try row.decode("cutoff", as: PostgresTimestamp.self)),
      isPending: try row.decode("pending"), samplesRemoved: try row.decode("samples_removed"),
      sessionsTouched: try row.decode("sessions_touched"))
  }

  /// The present state of one consent.
  package func consent(
    of learner: LearnerPseudonym, scope: ConsentEvent.Scope
  ) async throws(PostgresError) -> ConsentState {
    let rows = try await connection.query(
      "SELECT granted FROM lectern.consent WHERE learner = $1 AND scope = $2",
      [.uuid(learner.postgres), .text(scope.rawValue)])
    guard let row = rows.first else { return .unknown }
    return try row.decode("granted") ? .granted : .revoked
  }
}
