package import PostgresIO

extension PostgresError.Code {
  /// A ledger moved between an operator's look at it and the decision: look again.
  package static let decisionOverdue = PostgresError.Code("LF003")
}

/// What an operator decides about a log. Needs the role `lectern_migrator`; each call is one transaction and leaves a
/// line in the audit log. `by` is who decides, in words.
extension LedgerRepository {
  /// Counts the offsets from the ledger's next one up to `begin` as lost and goes on there; returns how many. A worker
  /// that holds the partition is fenced and claims it again. Fails with `.decisionOverdue` unless the ledger still
  /// stands at `expectedNext`.
  @discardableResult
  package func acceptGap(
    ledgerID: Int32, expectedNext: Int64, begin: Int64, by: String
  ) async throws(PostgresError) -> Int64 {
    try await connection.query(
      "SELECT lost FROM lectern.accept_gap($1, $2, $3, $4)",
      [.int4(ledgerID), .int8(expectedNext), .int8(begin), .text(by)]
    ).value()
  }

  /// Counts the offsets before the ledger's first one as lost; returns how many. Workers notice nothing.
  @discardableResult
  package func acceptBeginning(
    ledgerID: Int32, expectedFirst: Int64, by: String
  ) async throws(PostgresError) -> Int64 {
    try await connection.query(
      "SELECT lectern.accept_beginning($1, $2, $3)", [.int4(ledgerID), .int8(expectedFirst), .text(by)]
    ).value()
  }

  /// Begins a new ledger at `first` for a log that was made again; the old one is kept, and its holder fenced. Returns
  /// the new incarnation.
  @discardableResult
  package func newIncarnation(
    ledgerID: Int32, expectedNext: Int64, first: Int64, by: String
  ) async throws(PostgresError) -> Int32 {
    try await connection.query(
      "SELECT incarnation FROM lectern.new_incarnation($1, $2, $3, $4)",
      [.int4(ledgerID), .int8(expectedNext), .int8(first), .text(by)]
    ).value()
  }
}
