package import PostgresIO

/// Reads for reports and pages through a pool of connections, each call on one of them.
package struct ReportsReader: Sendable {
  private let pool: PostgresPool
  private let reader: ReportsRepository.Reader

  package init(pool: PostgresPool, reader: ReportsRepository.Reader) {
    self.pool = pool
    self.reader = reader
  }

  /// See ``ReportsRepository/courses()``.
  package func courses() async throws -> [ReportedCourse] {
    try await pool.withConnection { [reader] in
      try await ReportsRepository(connection: $0, reader: reader).courses()
    }
  }

  /// See ``ReportsRepository/released(course:cohortMinimum:)``.
  package func released(course: Int64, cohortMinimum: Int) async throws -> ReleasedCourse? {
    try await pool.withConnection { [reader] in
      try await ReportsRepository(connection: $0, reader: reader).released(
        course: course, cohortMinimum: cohortMinimum)
    }
  }

  /// See ``ReportsRepository/record(_:)``.
  package func record(_ report: ReportRecord) async throws -> Int64 {
    try await pool.withConnection { [reader] in
      try await ReportsRepository(connection: $0, reader: reader).record(report)
    }
  }

  /// Whether the database answers; for readiness.
  package func isReachable() async -> Bool {
    do {
      try await pool.withConnection { _ = try await $0.query("SELECT 1", deadline: .seconds(2)) }
      return true
    } catch {
      return false
    }
  }
}
