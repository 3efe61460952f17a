import Analytics
package import LearningEvents
package import PostgresIO

/// What reports and pages may read: courses, released cells, totals, stored reports. Never a learner.
///
/// Works under either role: `lectern_reader` sees every course, `lectern_web` only those of the teacher it reads for
/// (row-level security; no teacher, no released cell).
package struct ReportsRepository: Sendable {
  /// For whom figures are read.
  package enum Reader: Sendable, Equatable {
    /// A person the LMS names as a teacher of the course.
    case teacher(TeacherID)
    /// The operator of the deployment, for a connection with the role `lectern_reader`.
    case deployment

    var teacher: TeacherID? {
      if case .teacher(let id) = self { id } else { nil }
    }
  }

  package let connection: PostgresConnection
  private let reader: Reader

  package init(connection: PostgresConnection, reader: Reader) {
    self.connection = connection
    self.reader = reader
  }

  /// The courses this reader may see, by title.
  package func courses() async throws -> [ReportedCourse] {
    try await connection.query(
      """
      SELECT c.course_id, c.title,
        (SELECT count(*) FROM lectern.segment g WHERE g.course_id = c.course_id AND g.retired_at IS NULL) AS segments
      FROM lectern.course c WHERE $1::text IS NULL OR $1 = ANY (c.teachers) ORDER BY c.title, c.course_id
      """, [.optionalID(reader.teacher)]
    ).map {
      ReportedCourse(
        id: try $0.decode("course_id"), title: try $0.decode("title"), segments: try $0.decode("segments"))
    }
  }

  /// Everything released of one course, in one snapshot; nil if the reader may not see the course or there is none.
  ///
  /// - Parameter cohortMinimum: cells below it are left out even if an aggregator with a lower minimum released them.
  ///   Stored numbers of learners are rounded down, so a cell of such an aggregator may be left out needlessly.
  package func released(course: Int64, cohortMinimum: Int) async throws -> ReleasedCourse? {
    precondition(cohortMinimum >= ReleasePolicy.cohortFloor, "no cohort under the floor is ever shown")
    let minimum = Int32(clamping: cohortMinimum)
    let reader = reader
    return try await connection.withTransaction(.snapshot) { connection in
      try connection.query("SELECT set_config('lectern.teacher', $1, true)", [.text(reader.teacher?.text ?? "")])
      return try ReleasedCourse.read(course, for: reader, minimum: minimum, on: connection)
    }
  }

  /// Keeps a report that was made; returns its number. Needs the role `lectern_aggregator`.
  package func record(_ report: ReportRecord) async throws(PostgresError) -> Int64 {
    try await connection.query(
      """
      INSERT INTO lectern.report_run (course_id, made_at, cohort_minimum, weights_version, format_version, document)
      VALUES ($1, $2, $3, $4, $5, $6) RETURNING report_id
      """,
      [
        .int8(report.course), .timestamp(report.madeAt), .int4(Int32(clamping: report.cohortMinimum)),
        .int2(report.weightsVersion), .int4(report.formatVersion), .json(report.document),
      ]
    ).value()
  }
}
