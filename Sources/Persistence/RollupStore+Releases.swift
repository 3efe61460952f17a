package import Analytics
package import LearningEvents
package import PostgresIO

/// What the last release of a cell left behind.
package struct ReleaseRecord: Sendable {
  package let isShown: Bool
  package let departed: Int
  package var contributions: [LearnerPseudonym: LearnerDigest] = [:]
}

extension RollupStore {
  /// Begins the course's release history with a period, if it has none.
  package func openPeriod(
    of course: Int64, period: CalendarDay, on connection: isolated PostgresConnection
  ) throws(PostgresError) {
    try connection.query(
      "INSERT INTO lectern.course_release (course_id, closed_period) VALUES ($1, $2) ON CONFLICT DO NOTHING",
      [.int8(course), .date(period)])
  }

  /// Moves the course on to a period; true if it was in an earlier one, whose waiting changes are now due.
  package func beginPeriod(
    of course: Int64, period: CalendarDay, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Bool {
    try connection.query(
      "UPDATE lectern.course_release SET closed_period = $2 WHERE course_id = $1 AND closed_period < $2",
      [.int8(course), .date(period)]
    ).affectedRows == 1
  }

  /// Courses whose last closed period is before `period`; with nil, all that ever released or waited.
  package func coursesToClose(
    before period: CalendarDay?, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [Int64] {
    guard let period else {
      return try connection.query("SELECT course_id FROM lectern.course_release ORDER BY course_id").values()
    }
    return try connection.query(
      "SELECT course_id FROM lectern.course_release WHERE closed_period < $1 ORDER BY course_id", [.date(period)]
    ).values()
  }

  /// The server's day, UTC.
  package func today(on connection: isolated PostgresConnection) throws(PostgresError) -> CalendarDay {
    try connection.query("SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date").value()
  }

  /// Forgets what erased learners put into the releases before their erasure; each still counts as one who left.
  ///
  /// Returns whether there was anything to forget.
  package func forgetErasedContributions(
    in course: Int64, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Bool {
    try forgetContributions(
      """
      USING lectern.release_cell c
      WHERE r.course_id = $1 AND c.course_id = $1 AND c.segment_id IS NOT DISTINCT FROM r.segment_id
        AND c.minute IS NOT DISTINCT FROM r.minute
        AND EXISTS (SELECT FROM lectern.erasure e WHERE e.learner = r.learner AND e.ingested_until >= c.released_at)
      """, in: course, on: connection) > 0
  }

  /// Deletes those contributions `r` of a course `$1` that a condition names, and counts them as departed; returns how
  /// many cells had some.
  @discardableResult
  func forgetContributions(
    _ condition: String, in course: Int64, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Int {
    try connection.query(
      """
      WITH gone AS (
        DELETE FROM lectern.release_contribution r \(condition) RETURNING r.segment_id, r.minute
      ), counted AS (SELECT segment_id, minute, count(*) AS n FROM gone GROUP BY segment_id, minute)
      UPDATE lectern.release_cell c SET departed = c.departed + g.n FROM counted g
      WHERE c.course_id = $1 AND c.segment_id IS NOT DISTINCT FROM g.segment_id
        AND c.minute IS NOT DISTINCT FROM g.minute
      """, [.int8(course)]
    ).affectedRows
  }

  /// Makes the course's stored reports invalid: they hold figures that may no longer be shown.
  package func invalidateReports(
    of course: Int64, on connection: isolated PostgresConnection
  ) throws(PostgresError) {
    try connection.query(
      "UPDATE lectern.report_run SET invalidated_at = clock_timestamp() WHERE course_id = $1 AND invalidated_at IS NULL",
      [.int8(course)])
  }

  /// The course's cells that were ever released: the whole segments, and the minutes of some segments.
  package func releaseRecords(
    in course: Int64, minutesOf segments: [Int64], on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [ReleaseCell.Key: ReleaseRecord] {
    let cells = try connection.query(
      """
      SELECT segment_id, minute, shown, departed FROM lectern.release_cell
      WHERE course_id = $1 AND (minute IS NULL OR segment_id = ANY ($2))
      """, [.int8(course), .int8s(segments)])
    var found: [ReleaseCell.Key: ReleaseRecord] = [:]
    for row in cells {
      var columns = row.columns
      let key = try key(&columns)
      found[key] = ReleaseRecord(isShown: try columns.next(), departed: try columns.next())
    }
    let contributions = try connection.query(
      """
      SELECT segment_id, minute, learner, digest FROM lectern.release_contribution
      WHERE course_id = $1 AND (minute IS NULL OR segment_id = ANY ($2))
      """, [.int8(course), .int8s(segments)])
    for row in contributions {
      var columns = row.columns
      let key = try key(&columns)
      let learner: LearnerPseudonym = try columns.next()
      found[key]?.contributions[learner] = LearnerDigest(value: try columns.next())
    }
    return found
  }

  /// Stops showing a cell; its history stays, so that it does not come back for a few learners.
  package func withdraw(
    _ key: ReleaseCell.Key, of course: Int64, on connection: isolated PostgresConnection
  ) throws(PostgresError) {
    try connection.query(
      """
      UPDATE lectern.release_cell SET shown = false
      WHERE course_id = $1 AND segment_id IS NOT DISTINCT FROM $2 AND minute IS NOT DISTINCT FROM $3
      """, cellParameters(key, course))
    try removeReleasedValues(key, course, connection)
  }

  /// Shows a segment's present values, rounded.
  package func release(
    _ cell: ReleaseCell, of course: Int64, rows: [SegmentMetricRow], under policy: ReleasePolicy,
    on connection: isolated PostgresConnection
  ) throws(PostgresError) {
    try record(cell, course, connection)
    let shown = rows.map { row in
      let summary = row.summary
      return SegmentMetricRow(
        course: row.course, segment: row.segment, metric: row.metric, weightsVersion: row.weightsVersion,
        summary: MetricSummary(
          learners: policy.shown(learners: summary.learners), mean: ReleasePolicy.shown(value: summary.mean),
          quartiles: Quartiles(
            lower: ReleasePolicy.shown(value: summary.quartiles.lower),
            median: ReleasePolicy.shown(value: summary.quartiles.median),
            upper: ReleasePolicy.shown(value: summary.quartiles.upper)),
          interval: ReleasePolicy.shown(
            value: summary.interval.lowerBound)...ReleasePolicy.shown(value: summary.interval.upperBound)))
    }
    let table = RollupTable.segmentMetrics
    try connection.query(
      """
      INSERT INTO lectern.released_segment (\(table.columnList), released_at)
      SELECT r.*, clock_timestamp() FROM \(table.relation(from: 1)) r
      """, table.parameters(shown))
  }

  /// Shows a minute's present means, rounded.
  package func release(
    _ cell: ReleaseCell, of course: Int64, means: [Metric: MetricMean], weightsVersion: Int16,
    under policy: ReleasePolicy,
    on connection: isolated PostgresConnection
  ) throws(PostgresError) {
    guard let segment = cell.key.segment, let minute = cell.key.minute else { return }
    try record(cell, course, connection)
    let metrics = Metric.allCases.filter { means[$0] != nil }
    try connection.query(
      """
      INSERT INTO lectern.released_minute
        (course_id, segment_id, minute, metric, weights_version, learners, mean, released_at)
      SELECT $1, $2, $3, m.metric, $4, m.learners, m.mean, clock_timestamp()
      FROM unnest($5::text[], $6::integer[], $7::bigint[]) AS m (metric, learners, mean)
      """,
      [
        .int8(course), .int8(segment), .int4(minute), .int2(weightsVersion), .texts(metrics.map(\.rawValue)),
        .int4s(metrics.map { policy.shown(learners: means[$0]!.learners) }),
        .int8s(metrics.map { ReleasePolicy.shown(value: means[$0]!.mean) }),
      ])
  }

  private func record(
    _ cell: ReleaseCell, _ course: Int64, _ connection: isolated PostgresConnection
  ) throws(PostgresError) {
    try removeReleasedValues(cell.key, course, connection)
    try connection.query(
      """
      INSERT INTO lectern.release_cell AS c (course_id, segment_id, minute, shown, released_at)
      VALUES ($1, $2, $3, true, clock_timestamp())
      ON CONFLICT (course_id, segment_id, minute) DO UPDATE
      SET shown = true, departed = 0, released_at = excluded.released_at
      """, cellParameters(cell.key, course))
    try connection.query(
      """
      DELETE FROM lectern.release_contribution
      WHERE course_id = $1 AND segment_id IS NOT DISTINCT FROM $2 AND minute IS NOT DISTINCT FROM $3
      """, cellParameters(cell.key, course))
    let learners = cell.current.sorted { $0.key < $1.key }
    try connection.query(
      """
      INSERT INTO lectern.release_contribution (course_id, segment_id, minute, learner, digest)
      SELECT $1, $2, $3, l.learner, l.digest FROM unnest($4::uuid[], $5::bigint[]) AS l (learner, digest)
      """,
      cellParameters(cell.key, course) + [.uuids(learners.map(\.key)), .int8s(learners.map(\.value.value))])
  }

  private func removeReleasedValues(
    _ key: ReleaseCell.Key, _ course: Int64, _ connection: isolated PostgresConnection
  ) throws(PostgresError) {
    if key.minute == nil {
      try connection.query(
        "DELETE FROM lectern.released_segment WHERE course_id = $1 AND segment_id IS NOT DISTINCT FROM $2",
        [.int8(course), cellParameters(key, course)[1]])
    } else {
      try connection.query(
        "DELETE FROM lectern.released_minute WHERE course_id = $1 AND segment_id = $2 AND minute = $3",
        cellParameters(key, course))
    }
  }

  /// `$1` course, `$2` segment, `$3` minute; typed, so that one prepared statement serves nulls too.
  private func cellParameters(_ key: ReleaseCell.Key, _ course: Int64) -> [PostgresParameter] {
    [.int8(course), .optional(key.segment), .optional(key.minute)]
  }

  private func key(_ columns: inout PostgresColumns) throws(PostgresError) -> ReleaseCell.Key {
    ReleaseCell.Key(segment: try columns.nextIfPresent(), minute: try columns.nextIfPresent())
  }
}
