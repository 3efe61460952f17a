import Analytics
package import Persistence
package import PostgresIO

/// Proves that the stored rollups equal a full recomputation from the samples, `EXCEPT` both ways, in one snapshot.
///
/// Courses with dirty entries in the snapshot are left out and counted. Sums of days whose samples have expired are
/// frozen: they are not recomputed, and what derives from them is. Released cells depend on their history and are
/// checked against their own rule instead: no shown cell under the cohort minimum.
package struct RollupVerification: Sendable {
  package struct Report: Sendable, Hashable {
    package var coursesVerified = 0
    package var coursesDirty = 0
    /// Sessions whose sums are frozen.
    package var sessionsFrozen = 0
    package var sessionsRecomputed = 0
    package var sessionSums = RollupDifference()
    package var minuteSums = RollupDifference()
    package var learnerMetrics = RollupDifference()
    package var segmentMetrics = RollupDifference()
    /// Shown cells whose last release had fewer learners than the cohort minimum.
    package var cellsUnderMinimum = 0

    package init() {}

    package var isConsistent: Bool {
      sessionSums.isEmpty && minuteSums.isEmpty && learnerMetrics.isEmpty && segmentMetrics.isEmpty
        && cellsUnderMinimum == 0
    }
  }

  private let settings: AggregatorSettings

  package init(settings: AggregatorSettings) { self.settings = settings }

  package func run(on connection: PostgresConnection) async throws -> Report {
    try await connection.withTransaction(.snapshot) { connection in
      try LogConsistency().prepare(on: connection)
      return try report(on: connection)
    }
  }

  /// The same inside a snapshot that others look at too.
  package func report(on connection: isolated PostgresConnection) throws -> Report {
    let store = RollupStore()
    let dirty = Set(try store.dirtyCourses(on: connection))
    var report = Report()
    for course in try store.courses(on: connection) {
      if dirty.contains(course) {
        report.coursesDirty += 1
      } else if let context = try store.course(course, on: connection) {
        report.coursesVerified += 1
        try verify(context, into: &report, on: connection)
      }
    }
    report.cellsUnderMinimum = try store.shownCells(
      under: settings.releasePolicy.cohortMinimum, on: connection)
    return report
  }

  private func verify(
    _ course: RollupCourse, into report: inout Report, on connection: isolated PostgresConnection
  ) throws {
    let store = RollupStore()
    let computation = RollupComputation(weights: settings.weights)
    var sums: [SessionSumRow] = []
    var minutes: [SessionMinuteRow] = []
    for session in try store.sessions(of: course.course, on: connection) {
      guard session.isLive else {
        report.sessionsFrozen += 1
        continue
      }
      report.sessionsRecomputed += 1
      let frames = try store.frames(of: session, on: connection)
      let rows = computation.sums(of: session, frames: frames, in: course)
      sums += rows.segments
      minutes += rows.minutes
    }
    // Equal sums first; the rest derives from the stored ones, frozen days included.
    report.sessionSums += try RollupTable.sessionSums.difference(
      course: course.course, where: RollupStore.liveDays, from: sums, on: connection)
    report.minuteSums += try RollupTable.minuteSums.difference(
      course: course.course, where: RollupStore.liveDays, from: minutes, on: connection)

    let learners = try store.learnerSums(of: nil, in: course.course, on: connection)
      .flatMap { computation.metrics(of: $0, in: course) }
    report.learnerMetrics += try RollupTable.learnerMetrics.difference(
      course: course.course, where: "t.course_id = $1", from: learners, on: connection)
    let segments = Dictionary(grouping: learners, by: \.segment).flatMap { segment, rows in
      computation.metrics(of: segment, learners: rows.map { ($0.learner, $0.metrics) }, in: course)
    }
    report.segmentMetrics += try RollupTable.segmentMetrics.difference(
      course: course.course, where: "t.course_id = $1", from: segments, on: connection)
  }
}
