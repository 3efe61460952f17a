package import PostgresIO

extension RollupStore {
  /// The stored sums that a recomputation must equal: those of days whose samples are still kept, of sessions that do
  /// not wait for the aggregator.
  package static let recomputable = """
    t.course_id = $1 AND to_regclass('lectern.emotion_sample_' || to_char(t.session_day, 'YYYYMMDD')) IS NOT NULL
      AND NOT EXISTS (SELECT FROM lectern.rollup_dirty d WHERE d.course_id = $1 AND d.session_id = t.session_id)
    """

  /// Every course.
  package func courses(on connection: isolated PostgresConnection) throws(PostgresError) -> [Int64] {
    try connection.query("SELECT course_id FROM lectern.course ORDER BY course_id").values()
  }

  /// The sessions of a course that wait for the aggregator.
  package func dirtySessions(
    of course: Int64, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [Int64] {
    try connection.query("SELECT DISTINCT session_id FROM lectern.rollup_dirty WHERE course_id = $1", [.int8(course)])
      .values()
  }

  /// How many cells are shown although fewer than `minimum` learners took part in their last release.
  package func shownCells(
    under minimum: Int, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Int {
    try connection.query(
      """
      SELECT count(*) FROM lectern.release_cell c
      WHERE c.shown AND c.departed + (
        SELECT count(*) FROM lectern.release_contribution r
        WHERE r.course_id = c.course_id AND r.segment_id IS NOT DISTINCT FROM c.segment_id
          AND r.minute IS NOT DISTINCT FROM c.minute) < $1
      """, [.int8(Int64(minimum))]
    ).value()
  }
}
