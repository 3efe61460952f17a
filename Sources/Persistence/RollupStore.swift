package import Analytics
import LearningEvents
package import PostgresIO

/// The statements of the aggregator, for a connection with the role `lectern_aggregator`.
///
/// Each method is one statement; the order they run in is the aggregator's business. They run inside a transaction,
/// on the connection's thread.
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
    let rows = try connection.query("SELECT cohort_minimum FROM lectern.deployment")
    return try rows.first?.decodeIfPresent(at: 0, as: Int32.self).map { Int($0) }
  }

  /// Courses with something to compute again, longest waiting first.
  package func dirtyCourses(on connection: isolated PostgresConnection) throws(PostgresError) -> [Int64] {
    try int64s(
      connection.query(
        "SELECT course_id FROM lectern.rollup_dirty GROUP BY course_id ORDER BY min(dirtied_at), course_id"))
  }

  /// Waits until nobody else aggregates the course, for the rest of the transaction.
  package func lock(course: Int64, on connection: isolated PostgresConnection) throws(PostgresError) {
    try connection.query("SELECT pg_advisory_xact_lock(3, mod($1::bigint, 2147483648)::integer)", [.int8(course)])
  }

  /// Takes the dirty entries of up to `limit` sessions of a course and returns the sessions.
  ///
  /// Must follow `lock` as a statement of its own: an entry that is not seen here belongs to samples that may not be
  /// seen either, stays, and is taken next time.
  package func takeDirtySessions(
    of course: Int64, limit: Int, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [Int64] {
    try int64s(
      connection.query(
        """
        WITH taken AS (
          DELETE FROM lectern.rollup_dirty WHERE course_id = $1 AND session_id IN (
            SELECT DISTINCT session_id FROM lectern.rollup_dirty WHERE course_id = $1 ORDER BY session_id LIMIT $2)
          RETURNING session_id)
        SELECT DISTINCT session_id FROM taken ORDER BY session_id
        """, [.int8(course), .int8(Int64(limit))]))
  }

  /// The course and its segments; nil if there is no such course.
  package func course(
    _ course: Int64, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> RollupCourse? {
    let found = try connection.query(
      """
      SELECT s.uri, c.external_id FROM lectern.course c JOIN lectern.source s USING (source_id) WHERE c.course_id = $1
      """, [.int8(course)])
    guard let row = found.first else { return nil }
    var segments: [CourseSegment] = []
    var ids: [Int64: SegmentID] = [:]
    for row in try connection.query(
      """
      SELECT segment_id, external_id, ordinal, media_start_ms, media_end_ms, starts_at, ends_at, retired_at IS NULL
      FROM lectern.segment WHERE course_id = $1 ORDER BY segment_id
      """, [.int8(course)])
    {
      let key = try row.decode(at: 0, as: Int64.self)
      let id = try row.decode(at: 1, as: SegmentID.self)
      ids[key] = id
      guard try row.decode(at: 7, as: Bool.self) else { continue }
      let range: CourseSegment.Range
      if let start = try row.decodeIfPresent(at: 3, as: Int64.self) {
        range = .media(start: start, end: try row.decode(at: 4))
      } else {
        range = .clock(
          start: try row.decode(at: 5, as: PostgresTimestamp.self).microsecondsSince1970,
          end: try row.decode(at: 6, as: PostgresTimestamp.self).microsecondsSince1970)
      }
      segments.append(CourseSegment(key: key, id: id, ordinal: try row.decode(at: 2), range: range))
    }
    return RollupCourse(
      course: course, source: try row.decode(at: 0), externalID: try row.decode(at: 1), segments: segments,
      segmentIDs: ids)
  }

  /// The given sessions, or all of the course.
  package func sessions(
    of course: Int64, only sessions: [Int64]? = nil, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [RollupSession] {
    let rows = try connection.query(
      """
      SELECT n.session_id, n.session_day, n.learner, coalesce(d.frame_interval_ms, n.frame_interval_ms),
        to_regclass('lectern.emotion_sample_' || to_char(n.session_day, 'YYYYMMDD')) IS NOT NULL,
        EXISTS (SELECT FROM lectern.erasure e WHERE e.learner = n.learner AND e.ingested_until >= n.created_at)
      FROM lectern.session n
      LEFT JOIN lectern.session_declaration d USING (source_id, external_id)
      WHERE n.course_id = $1 AND ($2 OR n.session_id = ANY ($3)) ORDER BY n.session_id
      """, [.int8(course), .bool(sessions == nil), .int8s(sessions ?? [])])
    var found: [RollupSession] = []
    for row in rows {
      found.append(
        RollupSession(
          session: try row.decode(at: 0), day: try row.decode(at: 1, as: PostgresDate.self).daysSince1970,
          learner: LearnerKey(try row.decode(at: 2, as: PostgresUUID.self)),
          frameIntervalMilliseconds: Int64(try row.decode(at: 3, as: Int32.self)), isLive: try row.decode(at: 4),
          isErased: try row.decode(at: 5)))
    }
    return found
  }

  /// The samples of a session, in no particular order.
  package func frames(
    of session: RollupSession, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [TimedFrame] {
    let rows = try connection.query(
      """
      SELECT captured_at, seq, media_pos_ms, segment_hint, status,
        p_focused, p_distracted, p_curious, p_confused, p_tired, p_happy
      FROM lectern.emotion_sample WHERE session_day = $1 AND session_id = $2
      """, [.date(PostgresDate(daysSince1970: session.day)), .int8(session.session)])
    var frames: [TimedFrame] = []
    frames.reserveCapacity(rows.count)
    for row in rows {
      let status = try row.decode(at: 4, as: Int16.self)
      guard let status = SampleStatus(rawValue: status) else {
        throw PostgresError(code: .decoding, message: "unknown sample status", operation: "reading samples")
      }
      var distribution = EmotionSums()
      if status == .classified {
        for emotion in Emotion.allCases {
          distribution[emotion] = Int64(try row.decode(at: 5 + emotion.rawValue, as: Int16.self))
        }
      }
      let microseconds = try row.decode(at: 0, as: PostgresTimestamp.self).microsecondsSince1970
      frames.append(
        TimedFrame(
          capturedAt: EventTime(microseconds: microseconds), sequence: try row.decode(at: 1),
          mediaPositionMilliseconds: try row.decodeIfPresent(at: 2), segmentHint: try row.decodeIfPresent(at: 3),
          status: status, distribution: distribution))
    }
    return frames
  }

  func int64s(_ rows: PostgresResult) throws(PostgresError) -> [Int64] {
    var values: [Int64] = []
    for row in rows { values.append(try row.decode(at: 0)) }
    return values
  }
}
