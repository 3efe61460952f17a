package import LearningEvents
package import PostgresIO

/// A course and its current segments.
package struct CourseRow: Sendable, Equatable {
  package let id: Int64
  package let source: SourceID
  package let externalID: CourseID
  package let title: String
  package let teachers: [TeacherID]
  /// By ordinal, then id; retired ones left out.
  package let segments: [SegmentRow]
}

/// A current segment of a course.
package struct SegmentRow: Sendable, Equatable {
  package let id: Int64
  package let definition: SegmentDefinition
}

/// Courses: what the LMS said of them, and events that come from a file or over HTTP rather than through Kafka.
package struct CourseRepository: Sendable {
  private let connection: PostgresConnection

  package init(connection: PostgresConnection) { self.connection = connection }

  /// How often events of no log are tried. Those of a log are tried for ever, by the worker that holds it.
  package static let tries = 5

  /// Applies control events of any kind that come from no log, in the order given, as one transaction. Where the server
  /// undoes it for the sake of another transaction (class 40, such as a deadlock), it is tried again at once, `tries` times
  /// in all: the other has what it waited for then.
  @discardableResult
  package func apply(_ events: [ControlRow]) async throws(PostgresError) -> ControlResult {
    var triesLeft = Self.tries
    while true {
      triesLeft -= 1
      do throws(PostgresError) {
        return try await ControlStatement.run(connection, step: nil, events: events, rejects: [])
      } catch {
        guard triesLeft > 0, !error.connectionIsLost, error.sqlState?.hasPrefix("40") == true else { throw error }
      }
    }
  }

  /// Every course, by source and LMS id.
  package func courses() async throws(PostgresError) -> [CourseRow] {
    try await read("ORDER BY s.uri, c.external_id", [])
  }

  /// One course by its LMS id.
  package func course(source: SourceID, externalID: CourseID) async throws(PostgresError) -> CourseRow? {
    try await read("WHERE s.uri = $1 AND c.external_id = $2", [.id(source), .id(externalID)]).first
  }

  /// One course by its key.
  package func course(id: Int64) async throws(PostgresError) -> CourseRow? {
    try await read("WHERE c.course_id = $1", [.int8(id)]).first
  }

  private func read(_ tail: String, _ values: [PostgresParameter]) async throws(PostgresError) -> [CourseRow] {
    let rows = try await connection.query(
      """
      SELECT c.course_id, s.uri, c.external_id, c.title, c.teachers
      FROM lectern.course c JOIN lectern.source s USING (source_id) \(tail)
      """, values)
    var courses: [CourseRow] = []
    for row in rows {
      let id: Int64 = try row.decode("course_id")
      courses.append(
        CourseRow(
          id: id, source: try row.decode("uri"), externalID: try row.decode("external_id"),
          title: try row.decode("title"), teachers: try row.decode("teachers", as: [String].self).map { TeacherID($0) },
          segments: try await segments(of: id)))
    }
    return courses
  }

  private func segments(of courseID: Int64) async throws(PostgresError) -> [SegmentRow] {
    let rows = try await connection.query(
      """
      SELECT segment_id, external_id, title, ordinal, media_start_ms, media_end_ms, starts_at, ends_at
      FROM lectern.segment WHERE course_id = $1 AND retired_at IS NULL ORDER BY ordinal, segment_id
      """, [.int8(courseID)])
    var segments: [SegmentRow] = []
    for row in rows {
      let range: SegmentDefinition.Range
      if let start: Int64 = try row.decodeIfPresent("media_start_ms") {
        range = .media(startMilliseconds: start, endMilliseconds: try row.decode("media_end_ms"))
      } else {
        range = .clock(
          start: EventTime(try row.decode("starts_at", as: PostgresTimestamp.self)),
          end: EventTime(try row.decode("ends_at", as: PostgresTimestamp.self)))
      }
      segments.append(
        SegmentRow(
          id: try row.decode("segment_id"),
          definition: SegmentDefinition(
            id: try row.decode("external_id"), title: try row.decode("title"), ordinal: try row.decode("ordinal"),
            range: range)))
    }
    return segments
  }
}
