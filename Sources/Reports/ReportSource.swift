package import Persistence

/// Where pages get their reports.
package protocol ReportSource: Sendable {
  /// The courses that may be shown, by title.
  func courses() async throws -> [ReportedCourse]
  /// The report of a course as of now; nil if there is no such course, or none that may be shown.
  func report(course: Int64) async throws -> CourseInterestReport?
}
