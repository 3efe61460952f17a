package import LearningEvents
package import Persistence
package import PostgresIO

/// Calls of the database's functions that only tests make one by one.
extension PrivacyRepository {
  /// Orders the erasure of a learner and withdraws every consent; `erasePending` then deletes.
  package func erase(_ learner: LearnerPseudonym) async throws(PostgresError) -> ErasureOrder {
    let row = try await connection.query("SELECT * FROM lectern.erase_learner($1)", [.uuid(learner)]).single()
    return ErasureOrder(
      id: try row.decode("erasure_id"), cutoff: try row.decode("cutoff", as: EventTime.self))
  }

  /// Deletes up to `limit` samples of the oldest pending erasure, in one transaction. Returns how many, or nil if
  /// nothing is pending (or another aggregator is at it). Call until nil.
  package func erasePending(limit: Int32 = 5000) async throws(PostgresError) -> Int64? {
    let row = try await connection.query("SELECT * FROM lectern.erase_pending($1)", [.int4(limit)]).single()
    return try row.decodeIfPresent("removed")
  }

  /// The present state of one consent.
  package func consent(
    of learner: LearnerPseudonym, scope: ConsentEvent.Scope
  ) async throws(PostgresError) -> ConsentState {
    let rows = try await connection.query(
      "SELECT since FROM lectern.consent WHERE learner = $1 AND scope = $2",
      [.uuid(learner), .text(scope.rawValue)])
    guard let row = rows.first else { return .unknown }
    return try row.decodeIfPresent("since").map { .granted(since: $0) } ?? .revoked
  }
}
