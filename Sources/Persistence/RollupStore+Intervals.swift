package import Analytics
package import PostgresIO

extension RollupStore {
  /// Replaces what is known of these sessions' pace by those of them that disagree with their interval. Returns how
  /// many of the course's sessions disagreed before.
  package func replaceMismatches(
    of sessions: [Int64], in course: Int64, with paces: [(session: Int64, pace: FramePace)],
    on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Int64 {
    let before: Int64 = try connection.query(
      "SELECT count(*) FROM lectern.interval_mismatch WHERE course_id = $1", [.int8(course)]
    ).value()
    try connection.query("DELETE FROM lectern.interval_mismatch WHERE session_id = ANY ($1)", [.int8s(sessions)])
    guard !paces.isEmpty else { return before }
    try connection.query(
      """
      INSERT INTO lectern.interval_mismatch (session_id, course_id, observed_ms, declared_ms)
      SELECT f.session, $1, f.observed, f.declared FROM unnest($2::bigint[], $3::bigint[], $4::bigint[])
        AS f (session, observed, declared)
      """,
      [
        .int8(course), .int8s(paces.map(\.session)), .int8s(paces.map(\.pace.observedMilliseconds)),
        .int8s(paces.map(\.pace.declaredMilliseconds)),
      ])
    return before
  }

  /// How many sessions disagree with their interval, in how many courses.
  package func mismatches(
    on connection: isolated PostgresConnection
  ) throws(PostgresError) -> (sessions: Int64, courses: Int64) {
    let row = try connection.query(
      "SELECT count(*) AS sessions, count(DISTINCT course_id) AS courses FROM lectern.interval_mismatch"
    ).single()
    return (try row.decode("sessions"), try row.decode("courses"))
  }
}
