import Analytics
package import Persistence
package import PostgresIO

/// Proves that the stored rollups equal a full recomputation from the samples, `EXCEPT` both ways, in one snapshot.
///
/// The sums of sessions that are dirty in the snapshot are left out and counted: they wait for the aggregator.
/// Everything that derives from stored sums is written together with them, and is compared in dirty courses too. Sums
/// of days whose samples have expired are frozen: they are not recomputed, and what derives from them is. Released
/// cells depend on their history and are checked against their own rule instead: no shown cell under the cohort
/// minimum.
package struct RollupVerification: Sendable {
  package struct Report: Sendable, Hashable {
    package var courses = 0
    package var sessionsRecomputed = 0
    /// Sessions whose sums wait for the aggregator.
    package var sessionsDirty = 0
    /// Sessions whose sums are frozen.
    package var sessionsFrozen = 0
    package var sessionSums = RollupDifference()
    package var minuteSums = RollupDifference()
    package var learnerMetrics = RollupDifference()
    package var segmentMetrics = RollupDifference()
    /// Shown cells whose last release had fewer learners than the cohort minimum.
    package var cellsUnderMinimum = 0
    /// Sessions whose frames come at another interval than the one that counts for them, and their courses: a matter
    /// of the LMS, no inconsistency.
    package var intervalMismatches: Int64 = 0
    package var coursesWithMismatches: Int64 = 0

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
    var report = Report()
    for course in try store.courses(on: connection) {
      guard let context = try store.course(course, on: connection) else { continue }
      report.courses += 1
      try verify(context, into: &report, on: connection)
    }
    (report.intervalMismatches, report.coursesWithMismatches) = try store.mismatches(on: connection)
    let minimum = try store.cohortMinimum(on: connection) ?? settings.releasePolicy.cohortMinimum
    report.cellsUnderMinimum = try store.shownCells(under: minimum, on: connection)
    return report
  }

  private func verify(
    _ course: RollupCourse, into report: inout Report, on connection: isolated PostgresConnection
  ) throws {
    let store = RollupStore()
    let computation = RollupComputation(weights: settings.weights)
    let dirty = Set(try store.dirtySessions(of: course.course, on: connection))
    var sums: [SessionSumRow] = []
    var minutes: [SessionSumRow] = []
    for session in try store.sessions(of: course.course, on: connection) {
      guard session.isLive else {
        report.sessionsFrozen += 1
        continue
      }
      guard !dirty.contains(session.session) else {
        report.sessionsDirty += 1
        continue
      }
      report.sessionsRecomputed += 1
      let frames = try store.frames(of: session, on: connection)
      let rows = computation.sums(of: session, frames: frames, in: course)
      sums += rows.segments
      minutes += rows.minutes
    }
    // Equal sums first; the rest derives from the stored ones, those of dirty sessions and frozen days included.
    report.sessionSums += try RollupTable.sessionSums.difference(
      course: course.course, where: RollupStore.recomputable, from: sums, on: connection)
    report.minuteSums += try RollupTable.minuteSums.difference(
      course: course.course, where: RollupStore.recomputable, from: minutes, on: connection)

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
