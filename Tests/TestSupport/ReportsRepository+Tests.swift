import LearningEvents
package import Persistence
package import PostgresIO

/// Reads and marks stored reports, which no part of the product does yet.
extension ReportsRepository {
  /// The newest valid report of a course, as it was made. Needs the role `lectern_aggregator`.
  package func latest(course: Int64) async throws(PostgresError) -> ReportRecord? {
    let rows = try await connection.query(
      """
      SELECT course_id, made_at, cohort_minimum, weights_version, format_version, document FROM lectern.report_run
      WHERE course_id = $1 AND invalidated_at IS NULL ORDER BY made_at DESC, report_id DESC LIMIT 1
      """, [.int8(course)])
    guard let row = rows.first else { return nil }
    return ReportRecord(
      course: try row.decode("course_id"), madeAt: try row.decode("made_at", as: EventTime.self),
      cohortMinimum: Int(try row.decode("cohort_minimum", as: Int32.self)),
      weightsVersion: try row.decode("weights_version"), formatVersion: try row.decode("format_version"),
      document: try row.decode("document"))
  }

  /// Marks every stored report of a course invalid, because figures in it were withdrawn; returns how many. Needs the
  /// role `lectern_aggregator`.
  @discardableResult
  package func invalidate(course: Int64) async throws(PostgresError) -> Int {
    try await connection.query(
      """
      UPDATE lectern.report_run SET invalidated_at = greatest(made_at, clock_timestamp())
      WHERE course_id = $1 AND invalidated_at IS NULL RETURNING report_id
      """, [.int8(course)]
    ).count
  }
}
