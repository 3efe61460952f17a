import Analytics
import LearningEvents
import PostgresIO

extension ReleasedCourse {
  /// Reads a course inside a transaction whose snapshot and teacher are set.
  static func read(
    _ course: Int64, for reader: ReportsRepository.Reader, minimum: Int32, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> ReleasedCourse? {
    let found = try connection.query(
      "SELECT title FROM lectern.course WHERE course_id = $1 AND ($2::text IS NULL OR $2 = ANY (teachers))",
      [.int8(course), .optionalID(reader.teacher)])
    guard let row = found.first else { return nil }
    var cells = ReleasedCells()
    for row in try connection.query(
      """
      SELECT segment_id, -1 AS minute, metric, learners, mean, interval_low, interval_high, weights_version, released_at
      FROM lectern.released_segment WHERE course_id = $1 AND segment_id IS NOT NULL AND learners >= $2
      UNION ALL
      SELECT segment_id, minute, metric, learners, mean, mean, mean, weights_version, released_at
      FROM lectern.released_minute WHERE course_id = $1 AND learners >= $2
      """, [.int8(course), .int4(minimum)])
    { try cells.add(row) }
    return ReleasedCourse(
      id: course, title: try row.decode("title"), segments: try segments(of: course, cells, on: connection),
      released: cells.released, weightsVersions: cells.weightsVersions.sorted(),
      models: try models(of: course, on: connection), totals: try totals(on: connection),
      backlog: try backlog(of: course, on: connection),
      mismatch: try mismatch(of: course, minimum: minimum, on: connection))
  }

  private static func mismatch(
    of course: Int64, minimum: Int32, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> FramePace? {
    let rows = try connection.query(
      "SELECT observed_ms, declared_ms FROM lectern.course_interval($1, $2)", [.int8(course), .int4(minimum)])
    guard let row = rows.first else { return nil }
    return FramePace(
      observedMilliseconds: try row.decode("observed_ms"), declaredMilliseconds: try row.decode("declared_ms"))
  }

  private static func backlog(
    of course: Int64, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> ReportBacklog? {
    let row = try connection.query("SELECT counted_until, sessions FROM lectern.course_backlog($1)", [.int8(course)])
      .single()
    guard let time = try row.decodeIfPresent("counted_until", as: EventTime.self) else { return nil }
    return ReportBacklog(countedUntil: time, sessions: try row.decode("sessions"))
  }

  private static func segments(
    of course: Int64, _ cells: ReleasedCells, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [ReleasedSegment] {
    try SegmentStatement.current(try connection.query(SegmentStatement.sql, [.int8(course)])).map { segment in
      ReleasedSegment(
        id: segment.key, ordinal: segment.definition.ordinal, title: segment.definition.title,
        metrics: cells.segments[segment.key] ?? [:], minutes: cells.minutes[segment.key] ?? [:])
    }
  }

  private static func models(
    of course: Int64, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [ReportedModel] {
    try connection.query(
      "SELECT hash, trained, coalesce(evaluation ->> 'name', '') AS name FROM lectern.course_models($1)",
      [.int8(course)]
    ).map { (row) throws(PostgresError) in
      ReportedModel(id: try row.decode("hash"), name: try row.decode("name"), isTrained: try row.decode("trained"))
    }
  }

  /// Totals of the topics that carry frames: one that applied anything carries control events.
  private static func totals(on connection: isolated PostgresConnection) throws(PostgresError) -> IngestTotals {
    let row = try connection.query(
      """
      SELECT coalesce(sum(samples), 0)::bigint AS samples, coalesce(sum(rejects), 0)::bigint AS rejects,
        coalesce(sum(duplicates), 0)::bigint AS duplicates
      FROM lectern.ingest_total WHERE applied = 0
      """
    ).single()
    return IngestTotals(
      stored: try row.decode("samples"), rejected: try row.decode("rejects"),
      duplicates: try row.decode("duplicates"))
  }
}

/// The released cells of a course as their rows come in.
private struct ReleasedCells {
  var segments: [Int64: [Metric: ReleasedMetric]] = [:]
  var minutes: [Int64: [Int32: [Metric: ReleasedMetric]]] = [:]
  var released: ClosedRange<EventTime>?
  var weightsVersions: Set<Int16> = []

  mutating func add(_ row: PostgresRow) throws(PostgresError) {
    // A metric of a later version of the schema is no concern of this program.
    guard let metric = Metric(rawValue: try row.decode("metric")) else { return }
    let segment: Int64 = try row.decode("segment_id")
    let minute: Int32 = try row.decode("minute")
    let low: Int64 = try row.decode("interval_low")
    let high: Int64 = try row.decode("interval_high")
    let cell = ReleasedMetric(
      learners: try row.decode("learners"), mean: try row.decode("mean"), interval: min(low, high)...max(low, high))
    if minute < 0 {
      segments[segment, default: [:]][metric] = cell
    } else {
      minutes[segment, default: [:]][minute, default: [:]][metric] = cell
    }
    let time = try row.decode("released_at", as: EventTime.self)
    released = min(released?.lowerBound ?? time, time)...max(released?.upperBound ?? time, time)
    weightsVersions.insert(try row.decode("weights_version"))
  }
}
