package import Analytics
package import LearningEvents
package import PostgresIO

extension RollupStore {
  /// Replaces the metrics of some learners of a course; returns the segments they had metrics in before.
  package func replaceMetrics(
    of learners: [LearnerPseudonym], in course: Int64, with rows: [LearnerMetricRow],
    on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Set<Int64?> {
    let removed = try connection.query(
      "DELETE FROM lectern.learner_segment_metric WHERE course_id = $1 AND learner = ANY ($2) RETURNING segment_id",
      [.int8(course), .uuids(learners)])
    var segments: Set<Int64?> = []
    for row in removed { segments.insert(try row.decodeIfPresent("segment_id", as: Int64.self)) }
    try RollupTable.learnerMetrics.insert(rows, on: connection)
    return segments
  }

  /// The metrics of every learner of a course, by segment.
  package func learnerMetrics(
    in course: Int64, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [Int64?: [(LearnerPseudonym, LearnerMetrics)]] {
    let names = Metric.allCases.map { "\($0.rawValue)::bigint" }.joined(separator: ", ")
    let rows = try connection.query(
      """
      SELECT segment_id, learner, published, \(names)
      FROM lectern.learner_segment_metric WHERE course_id = $1 ORDER BY learner
      """, [.int8(course)])
    var found: [Int64?: [(LearnerPseudonym, LearnerMetrics)]] = [:]
    for row in rows {
      var columns = row.columns
      let segment: Int64? = try columns.nextIfPresent()
      let learner: LearnerPseudonym = try columns.next()
      let isPublished: Bool = try columns.next()
      var values: [Metric: Int64] = [:]
      for metric in Metric.allCases { values[metric] = try columns.nextIfPresent(as: Int64.self) }
      found[segment, default: []].append((learner, LearnerMetrics(stored: values, isPublished: isPublished)))
    }
    return found
  }

  /// Replaces the metrics of some segments of a course, null included.
  package func replaceSegments(
    _ segments: Set<Int64?>, in course: Int64, with rows: [SegmentMetricRow],
    on connection: isolated PostgresConnection
  ) throws(PostgresError) {
    try connection.query(
      """
      DELETE FROM lectern.segment_metric
      WHERE course_id = $1 AND (segment_id = ANY ($2) OR (segment_id IS NULL AND $3))
      """, [.int8(course), .int8s(segments.compactMap(\.self)), .bool(segments.contains(nil))])
    try RollupTable.segmentMetrics.insert(rows, on: connection)
  }
}
