import LearningEvents
import PostgresIO

/// The one call of `lectern.apply_control`, for events of a log (with a step) and from elsewhere (without).
enum ControlStatement {
  private static let sql = """
    SELECT applied, superseded, overruled, rejects FROM lectern.apply_control(\(PostgresParameter.placeholders(18)))
    """

  static func run(
    _ connection: PostgresConnection, step: LedgerStep?, events: [ControlRow], rejects: [RejectRow],
    by: String? = nil
  ) async throws(PostgresError) -> ControlResult {
    let json = "[\(events.map(\.json).joined(separator: ","))]"
    let parameters = LedgerStep.parameters(step) + [.json(json)] + RejectRow.parameters(rejects) + [.optional(by)]
    let row = try await connection.query(sql, parameters).single()
    return ControlResult(
      applied: try row.decode("applied"), superseded: try row.decode("superseded"),
      overruled: try row.decode("overruled"), rejects: try row.decode("rejects"))
  }
}

extension LedgerStep {
  /// The nine values with which both `store` and `apply_control` begin; without a step all are null.
  static func parameters(_ step: LedgerStep?) -> [PostgresParameter] {
    [
      .optional(step?.ledgerID), .optional(step?.epoch), .optional(step?.expectedOffset), .optional(step?.nextOffset),
      .optional(step?.skipped), .optional(step?.last?.offset), .optional(step?.last?.timestampMilliseconds),
      .optional(step?.last?.idHash), .optional(step?.last?.leaderEpoch),
    ]
  }
}

extension RejectRow {
  /// The seven arrays both `store` and `apply_control` take.
  static func parameters(_ rows: [RejectRow]) -> [PostgresParameter] {
    [
      .int8s(rows.map(\.offset)), .texts(rows.map(\.code.rawValue)), .texts(rows.map(\.detail)),
      .optionalTimestamps(rows.map(\.recordTimestamp)), .optionalTexts(rows.map(\.reference.source?.text)),
      .optionalTexts(rows.map(\.reference.courseID?.text)), .optionalTexts(rows.map(\.reference.eventID?.text)),
    ]
  }
}
