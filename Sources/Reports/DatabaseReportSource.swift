package import LearningEvents
package import Persistence
package import PostgresIO

/// Reports made from the database when they are asked for.
package struct DatabaseReportSource: ReportSource {
  private let pool: PostgresPool
  private let reader: ReportsRepository.Reader
  private let context: ReportContext
  private let now: @Sendable () -> EventTime

  /// - Parameters:
  ///   - pool: connections with the role that `reader` needs.
  ///   - reader: for whom figures are read.
  package init(
    pool: PostgresPool, reader: ReportsRepository.Reader, context: ReportContext,
    now: @escaping @Sendable () -> EventTime
  ) {
    (self.pool, self.reader, self.context, self.now) = (pool, reader, context, now)
  }

  package func courses() async throws -> [ReportedCourse] { try await read { try await $0.courses() } }

  package func report(course: Int64) async throws -> CourseInterestReport? {
    let minimum = context.cohortMinimum
    let released = try await read { try await $0.released(course: course, cohortMinimum: minimum) }
    guard let released else { return nil }
    return CourseInterestReport(released, context: context, madeAt: Self.wholeMinute(now()))
  }

  /// Keeps a report among the stored ones; returns its number. Needs the role `lectern_aggregator`.
  package func record(_ report: CourseInterestReport) async throws -> Int64 {
    let record = ReportRecord(
      course: report.course.id,
      madeAt: EventTime(rfc3339: report.madeAt) ?? now(), cohortMinimum: report.cohortMinimum,
      weightsVersion: Int16(clamping: report.weightsVersion), formatVersion: Int32(clamping: report.formatVersion),
      document: String(decoding: try report.json(), as: UTF8.self))
    return try await read { try await $0.record(record) }
  }

  private func read<Value: Sendable>(
    _ body: @Sendable (ReportsRepository) async throws -> Value
  ) async throws -> Value {
    try await pool.withConnection { [reader] in
      try await body(ReportsRepository(connection: $0, reader: reader))
    }
  }

  /// Whole minutes, so that a page asked for again soon is the same page and need not be sent again.
  private static func wholeMinute(_ time: EventTime) -> EventTime {
    EventTime(microseconds: time.microseconds - time.microseconds % 60_000_000)
  }
}
