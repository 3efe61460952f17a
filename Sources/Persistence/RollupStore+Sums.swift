package import Analytics
package import LearningEvents
package import PostgresIO

/// A learner's sums in a course, by segment.
package struct LearnerSums: Sendable {
  package let learner: LearnerPseudonym
  package var segments: [Int64?: SegmentSum] = [:]

  /// The sums over the whole course, frames outside any segment included.
  package var course: SegmentSum { segments.values.reduce(into: SegmentSum()) { $0 += $1 } }
}

extension RollupStore {
  /// Replaces the sums of some sessions of a course.
  package func replaceSums(
    of sessions: [Int64], in course: Int64, with sums: [SessionSumRow], minutes: [SessionSumRow],
    on connection: isolated PostgresConnection
  ) throws(PostgresError) {
    for table in [RollupTable.sessionSums.name, RollupTable.minuteSums.name] {
      try connection.query(
        "DELETE FROM \(table) WHERE course_id = $1 AND session_id = ANY ($2)", [.int8(course), .int8s(sessions)])
    }
    try RollupTable.sessionSums.insert(sums, on: connection)
    try RollupTable.minuteSums.insert(minutes, on: connection)
  }

  /// The sums of some learners of a course (or of all), added up over their sessions.
  package func learnerSums(
    of learners: [LearnerPseudonym]?, in course: Int64, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [LearnerSums] {
    let rows = try connection.query(
      """
      SELECT learner, segment_id, \(SegmentSum.totals(of: SegmentSum.additiveColumns + SegmentSum.countColumns))
      FROM lectern.session_segment_sum WHERE course_id = $1 AND ($2 OR learner = ANY ($3))
      GROUP BY learner, segment_id ORDER BY learner
      """, [.int8(course), .bool(learners == nil), .uuids(learners ?? [])])
    var found: [LearnerSums] = []
    for row in rows {
      var columns = row.columns
      let learner: LearnerPseudonym = try columns.next()
      let segment: Int64? = try columns.nextIfPresent()
      var sum = try SegmentSum(additive: &columns)
      try sum.readCounts(&columns)
      if found.last?.learner != learner { found.append(LearnerSums(learner: learner)) }
      found[found.count - 1].segments[segment] = sum
    }
    return found
  }

  /// The sums of every learner by minute, for some segments of a course.
  package func minuteSums(
    of segments: [Int64], in course: Int64, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [ReleaseCell.Key: [(LearnerPseudonym, SegmentSum)]] {
    let rows = try connection.query(
      """
      SELECT segment_id, minute, learner, \(SegmentSum.totals(of: SegmentSum.additiveColumns))
      FROM lectern.session_minute_sum WHERE course_id = $1 AND segment_id = ANY ($2)
      GROUP BY segment_id, minute, learner ORDER BY learner
      """, [.int8(course), .int8s(segments)])
    var found: [ReleaseCell.Key: [(LearnerPseudonym, SegmentSum)]] = [:]
    for row in rows {
      var columns = row.columns
      let minute = ReleaseCell.Key(
        segment: try columns.next(as: Int64.self), minute: try columns.next(as: Int32.self))
      let learner: LearnerPseudonym = try columns.next()
      found[minute, default: []].append((learner, try SegmentSum(additive: &columns)))
    }
    return found
  }
}
