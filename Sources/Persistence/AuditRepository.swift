package import LearningEvents
package import PostgresIO

/// A line of the audit log.
package struct AuditEntry: Sendable, Equatable {
  package let id: Int64
  package let at: EventTime
  /// The login that did it, by the server's word.
  package let actor: String
  /// What was done, such as `erase` or `ledger.accept_gap`.
  package let action: String
  /// What it was done to, as a JSON object; names no learner.
  package let detail: String

  package init(id: Int64, at: EventTime, actor: String, action: String, detail: String) {
    (self.id, self.at, self.actor, self.action, self.detail) = (id, at, actor, action, detail)
  }
}

/// Which lines of the audit log somebody asks for; nil is no condition.
package struct AuditFilter: Sendable {
  package var action: String?
  package var actor: String?
  /// At or after, and before.
  package var since: EventTime?
  package var until: EventTime?
  /// Only lines older than this one: where the page before ended.
  package var before: Int64?

  package init() {}
}

/// Reads the audit log. Needs the role `lectern_auditor` or `lectern_migrator`; only `lectern.audit()` writes it.
package struct AuditRepository: Sendable {
  private let connection: PostgresConnection

  package init(connection: PostgresConnection) { self.connection = connection }

  /// Up to `limit` lines, the newest first.
  package func entries(_ filter: AuditFilter, limit: Int) async throws(PostgresError) -> [AuditEntry] {
    try await connection.query(
      """
      SELECT entry_id, at, actor, action, detail::text AS detail FROM audit.entry
      WHERE (action = $1::text OR $1::text IS NULL) AND (actor = $2::text OR $2::text IS NULL)
        AND (at >= $3::timestamptz OR $3::timestamptz IS NULL) AND (at < $4::timestamptz OR $4::timestamptz IS NULL)
        AND (entry_id < $5::bigint OR $5::bigint IS NULL)
      ORDER BY entry_id DESC LIMIT $6
      """,
      [
        .optional(filter.action), .optional(filter.actor), .optional(filter.since), .optional(filter.until),
        .optional(filter.before), .int8(Int64(limit)),
      ]
    ).map { (row) throws(PostgresError) in
      AuditEntry(
        id: try row.decode("entry_id"), at: try row.decode("at"), actor: try row.decode("actor"),
        action: try row.decode("action"), detail: try row.decode("detail"))
    }
  }
}
