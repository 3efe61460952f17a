package import Analytics
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
  package let segments: [CourseSegment]
}

/// Courses: what the LMS said of them, and events that come from a file or over HTTP rather than through Kafka.
package struct CourseRepository: Sendable {
  private let connection: PostgresConnection

  package init(connection: PostgresConnection) { self.connection = connection }

  /// How often events of no log are tried. Those of a log are tried for ever, by the worker that holds it.
  package static let tries = 5

  /// Applies control events of any kind that come from no log, in the order given, as one transaction. Where the server
  /// undoes it for the sake of another transaction (class 40, such as a deadlock), it is tried again at once, `tries`
  /// times in all: the other has what it waited for then.
  ///
  /// - Parameter by: who brings them in, in words, for the audit log.
  @discardableResult
  package func apply(_ events: [ControlRow], by: String) async throws(PostgresError) -> ControlResult {
    var triesLeft = Self.tries
    while true {
      triesLeft -= 1
      do throws(PostgresError) {
        return try await ControlStatement.run(connection, step: nil, events: events, rejects: [], by: by)
      } catch {
        guard triesLeft > 0, !error.connectionIsLost, error.code.rawValue.hasPrefix("40") else { throw error }
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
          title: try row.decode("title"), teachers: try row.decode("teachers"),
          segments: try SegmentStatement.current(try await connection.query(SegmentStatement.sql, [.int8(id)]))))
    }
    return courses
  }
}
