package import Analytics
import LearningEvents
package import PostgresIO

/// The statements of the aggregator, for a connection with the role `lectern_aggregator`.
///
/// The order in which they are called is the aggregator's business. They run inside a transaction, on the connection's
/// thread.
package struct RollupStore: Sendable {
  package init() {}

  /// Notes the cohort minimum that figures are released by.
  package func keepCohortMinimum(
    _ minimum: Int, on connection: isolated PostgresConnection
  ) throws(PostgresError) {
    try connection.query("SELECT lectern.keep_cohort_minimum($1)", [.int4(Int32(clamping: minimum))])
  }

  /// What the aggregator that ran last released figures by; nil before the first.
  package func cohortMinimum(on connection: isolated PostgresConnection) throws(PostgresError) -> Int? {
    try connection.query("SELECT cohort_minimum FROM lectern.deployment").first?.decodeIfPresent("cohort_minimum")
  }

  /// Courses with something to compute again, longest waiting first.
  package func dirtyCourses(on connection: isolated PostgresConnection) throws(PostgresError) -> [Int64] {
    try connection.query(
      "SELECT course_id FROM lectern.rollup_dirty GROUP BY course_id ORDER BY min(dirtied_at), course_id"
    ).values()
  }

  /// Waits until nobody else aggregates the course, for the rest of the transaction.
  package func lock(course: Int64, on connection: isolated PostgresConnection) throws(PostgresError) {
    try connection.query("SELECT lectern.lock_courses(ARRAY[$1::bigint])", [.int8(course)])
  }

  /// Takes the dirty entries of up to `limit` sessions of a course and returns the sessions.
  ///
  /// Must follow `lock` as a statement of its own: an entry that is not seen here belongs to samples that may not be
  /// seen either, stays, and is taken next time.
  package func takeDirtySessions(
    of course: Int64, limit: Int, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [Int64] {
    try connection.query(
      """
      WITH taken AS (
        DELETE FROM lectern.rollup_dirty WHERE course_id = $1 AND session_id IN (
          SELECT DISTINCT session_id FROM lectern.rollup_dirty WHERE course_id = $1 ORDER BY session_id LIMIT $2)
        RETURNING session_id)
      SELECT DISTINCT session_id FROM taken ORDER BY session_id
      """, [.int8(course), .int8(Int64(limit))]
    ).values()
  }

  /// The course and its segments; nil if there is no such course.
  package func course(
    _ course: Int64, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> RollupCourse? {
    let found = try connection.query(
      """
      SELECT s.uri, c.external_id FROM lectern.course c JOIN lectern.source s USING (source_id) WHERE c.course_id = $1
      """, [.int8(course)])
    guard var columns = found.first?.columns else { return nil }
    let segments = try SegmentStatement.read(try connection.query(SegmentStatement.sql, [.int8(course)]))
    return RollupCourse(
      course: course, source: try columns.next(), externalID: try columns.next(),
      segments: segments.filter(\.isCurrent).map(\.segment),
      segmentIDs: Dictionary(uniqueKeysWithValues: segments.map { ($0.segment.key, $0.segment.definition.id) }))
  }

  /// The given sessions, or all of the course.
  package func sessions(
    of course: Int64, only sessions: [Int64]? = nil, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [RollupSession] {
    try connection.query(
      """
      SELECT n.session_id, n.session_day, n.learner, coalesce(d.frame_interval_ms, c.frame_interval_ms, n.frame_interval_ms),
        to_regclass('lectern.emotion_sample_' || to_char(n.session_day, 'YYYYMMDD')) IS NOT NULL,
        EXISTS (SELECT FROM lectern.erasure e WHERE e.learner = n.learner AND e.ingested_until >= n.created_at)
      FROM lectern.session n
      JOIN lectern.course c USING (course_id)
      LEFT JOIN lectern.session_declaration d ON d.source_id = n.source_id AND d.external_id = n.external_id
      WHERE n.course_id = $1 AND ($2 OR n.session_id = ANY ($3)) ORDER BY n.session_id
      """, [.int8(course), .bool(sessions == nil), .int8s(sessions ?? [])]
    ).map(RollupSession.init)
  }

  /// The samples of a session, in no particular order.
  package func frames(
    of session: RollupSession, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [TimedFrame] {
    try connection.query(
      """
      SELECT captured_at, seq, media_pos_ms, segment_hint, status, \(Self.probabilityColumns)
      FROM lectern.emotion_sample WHERE session_day = $1 AND session_id = $2
      """, [.date(session.day), .int8(session.session)]
    ).map(TimedFrame.init)
  }

  private static let probabilityColumns = Emotion.allCases.map { "p_\($0.name)" }.joined(separator: ", ")
}

extension RollupSession {
  /// Reads a row of `sessions`' statement.
  fileprivate init(_ row: PostgresRow) throws(PostgresError) {
    var columns = row.columns
    (session, day, learner) = (try columns.next(), try columns.next(), try columns.next())
    (frameIntervalMilliseconds, isLive, isErased) = (try columns.next(), try columns.next(), try columns.next())
  }
}

extension TimedFrame {
  /// Reads a row of `frames`' statement.
  fileprivate init(_ row: PostgresRow) throws(PostgresError) {
    var columns = row.columns
    let (capturedAt, sequence) = (try columns.next(as: EventTime.self), try columns.next(as: Int32.self))
    let position: Int64? = try columns.nextIfPresent()
    let hint: SegmentID? = try columns.nextIfPresent()
    guard let status = SampleStatus(rawValue: try columns.next(as: Int16.self)) else {
      throw PostgresError(code: .decoding, message: "unknown sample status", operation: "reading samples")
    }
    var distribution = EmotionSums()
    if status == .classified {
      for emotion in Emotion.allCases { distribution[emotion] = try columns.next() }
    }
    self.init(
      capturedAt: capturedAt, sequence: sequence, mediaPositionMilliseconds: position, segmentHint: hint,
      status: status, distribution: distribution)
  }
}
