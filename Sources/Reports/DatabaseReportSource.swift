package import LearningEvents
package import Persistence

/// Reports made from the database when they are asked for.
package struct DatabaseReportSource: ReportSource {
  private let reader: ReportsReader
  private let context: ReportContext
  private let now: @Sendable () -> EventTime

  package init(reader: ReportsReader, context: ReportContext, now: @escaping @Sendable () -> EventTime) {
    self.reader = reader
    self.context = context
    self.now = now
  }

  package func courses() async throws -> [ReportedCourse] { try await reader.courses() }

  package func report(course: Int64) async throws -> CourseInterestReport? {
    guard let released = try await reader.released(course: course, cohortMinimum: context.cohortMinimum) else {
      return nil
    }
    return CourseInterestReport(released, context: context, madeAt: Self.wholeMinute(now()))
  }

  /// Keeps a report among the stored ones; returns its number. Needs the role `lectern_aggregator`.
  package func record(_ report: CourseInterestReport) async throws -> Int64 {
    try await reader.record(
      ReportRecord(
        course: report.course.id,
        madeAt: EventTime(rfc3339: report.madeAt) ?? now(), cohortMinimum: report.cohortMinimum,
        weightsVersion: Int16(clamping: report.weightsVersion), formatVersion: Int32(clamping: report.formatVersion),
        document: String(decoding: try report.json(), as: UTF8.self)))
  }

  /// Whole minutes, so that a page asked for again soon is the same page and need not be sent again.
  private static func wholeMinute(_ time: EventTime) -> EventTime {
    EventTime(microseconds: time.microseconds - time.microseconds % 60_000_000)
  }
}
