import Analytics
package import LearningEvents
package import PostgresIO

extension RollupStore {
  /// Drops the oldest day of samples older than `keepDays`; nil if there is none that may go now.
  ///
  /// Reads the whole day, and takes as long as that takes: a deadline would only have it begin again, and never
  /// succeed. Fails with 55P03, which is transient, where the samples are in use: nothing was changed then.
  package func expireSamples(
    keepDays: Int32, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> (day: CalendarDay, removed: Int)? {
    let row = try connection.query(
      "SELECT expired_day, removed FROM lectern.expire_samples($1)", [.int4(keepDays)], deadline: .seconds(86_400)
    ).single()
    guard let day = try row.decodeIfPresent("expired_day", as: CalendarDay.self) else { return nil }
    return (day, try row.decode("removed", as: Int.self))
  }

  /// The first day whose sums are kept.
  package func oldestSumDay(
    keepMonths: Int32, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> CalendarDay {
    try connection.query("SELECT lectern.oldest_sum_day($1)", [.int4(keepMonths)]).value()
  }

  /// Courses with sums from before a day.
  package func courses(
    withSumsBefore day: CalendarDay, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [Int64] {
    try connection.query(
      """
      SELECT course_id FROM lectern.session_segment_sum WHERE session_day < $1
      UNION SELECT course_id FROM lectern.session_minute_sum WHERE session_day < $1 ORDER BY 1
      """, [.date(day)]
    ).values()
  }

  /// Deletes a course's sums from before a day; returns how many rows went and whose they were.
  package func removeSums(
    of course: Int64, before day: CalendarDay, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> (rows: Int, learners: [LearnerPseudonym]) {
    var learners: Set<LearnerPseudonym> = []
    var rows = 0
    for table in [RollupTable.sessionSums.name, RollupTable.minuteSums.name] {
      let removed = try connection.query(
        "DELETE FROM \(table) WHERE course_id = $1 AND session_day < $2 RETURNING learner",
        [.int8(course), .date(day)])
      rows += removed.count
      learners.formUnion(try removed.values())
    }
    return (rows, learners.sorted())
  }

  /// Forgets what learners of whom the course keeps no sum put into its releases; each still counts as one who left.
  /// The history of a course that keeps no sum at all goes altogether.
  package func forgetExpiredContributions(
    in course: Int64, on connection: isolated PostgresConnection
  ) throws(PostgresError) {
    try forgetContributions(
      """
      WHERE r.course_id = $1 AND NOT EXISTS (
        SELECT FROM lectern.session_segment_sum s WHERE s.course_id = $1 AND s.learner = r.learner)
      """, in: course, on: connection)
    try connection.query(
      """
      DELETE FROM lectern.release_cell c WHERE c.course_id = $1 AND NOT c.shown
        AND NOT EXISTS (SELECT FROM lectern.session_segment_sum s WHERE s.course_id = $1)
      """, [.int8(course)])
  }

  /// Deletes reports that were made before a day; returns how many.
  package func removeReports(
    before day: CalendarDay, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Int {
    try connection.query(
      "DELETE FROM lectern.report_run WHERE made_at < $1::timestamp AT TIME ZONE 'UTC'", [.date(day)]
    ).affectedRows
  }

  /// Deletes sessions from before a day that nothing refers to any more; returns how many.
  package func expireSessions(
    before day: CalendarDay, limit: Int32, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Int {
    try connection.query("SELECT lectern.expire_sessions($1, $2)", [.date(day), .int4(limit)]).value()
  }
}
