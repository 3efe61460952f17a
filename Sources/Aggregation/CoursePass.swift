import Analytics
import LearningEvents
import Persistence
import PostgresIO

/// One transaction of the aggregator on one course: dirty sessions → sums → learners → segments → released cells.
///
/// READ COMMITTED, one statement at a time, the course's lock first: whoever waits for it then sees what the other
/// left, takes the dirty entries that remain, and reads the samples afterwards, so no update is lost.
struct CoursePass: Sendable {
  let settings: AggregatorSettings
  let store = RollupStore()

  private var computation: RollupComputation { RollupComputation(weights: settings.weights) }

  /// Recomputes up to `sessionsPerTransaction` dirty sessions of a course.
  func recompute(_ course: Int64, on connection: isolated PostgresConnection) throws -> AggregationCounts {
    try store.lock(course: course, on: connection)
    let dirty = try store.takeDirtySessions(of: course, limit: settings.sessionsPerTransaction, on: connection)
    var counts = AggregationCounts()
    guard !dirty.isEmpty, let context = try store.course(course, on: connection) else { return counts }
    counts.passes = 1
    counts.sessions = dirty.count
    let learners = try recomputeSums(of: dirty, in: context, &counts, on: connection)
    let segments = try deriveLearners(learners, in: context, on: connection)
    counts += try deriveSegments(segments, in: context, on: connection)
    return counts
  }

  /// Ends a release period of a course: what waits for more learners is shown.
  ///
  /// - Parameter period: the first day of the present period; nil ends it whatever the day.
  func close(
    _ course: Int64, period: CalendarDay?, on connection: isolated PostgresConnection
  ) throws -> AggregationCounts {
    try store.lock(course: course, on: connection)
    if let period, try !store.beginPeriod(of: course, period: period, on: connection) { return AggregationCounts() }
    guard let context = try store.course(course, on: connection) else { return AggregationCounts() }
    let metrics = try store.learnerMetrics(in: course, on: connection)
    return try ReleasePass(course: context, settings: settings)
      .run(metrics: metrics, changed: Set(metrics.keys), rows: [:], closingPeriod: true, on: connection)
  }

  /// Deletes the sums from before a day, and derives again what was derived from them.
  func expire(
    _ course: Int64, before day: CalendarDay, on connection: isolated PostgresConnection
  ) throws -> AggregationCounts {
    try store.lock(course: course, on: connection)
    let removed = try store.removeSums(of: course, before: day, on: connection)
    var counts = AggregationCounts()
    counts.sumsExpired = removed.rows
    guard removed.rows > 0, let context = try store.course(course, on: connection) else { return counts }
    let segments = try deriveLearners(removed.learners, in: context, on: connection)
    counts += try deriveSegments(segments, in: context, on: connection)
    try store.forgetExpiredContributions(in: course, on: connection)
    return counts
  }

  /// Writes the sums of the dirty sessions and returns their learners.
  ///
  /// A session whose samples have expired keeps its sums, unless its learner was erased.
  private func recomputeSums(
    of dirty: [Int64], in course: RollupCourse, _ counts: inout AggregationCounts,
    on connection: isolated PostgresConnection
  ) throws -> [LearnerPseudonym] {
    let sessions = try store.sessions(of: course.course, only: dirty, on: connection)
      .filter { $0.isLive || $0.isErased }
    var sums: [SessionSumRow] = []
    var minutes: [SessionSumRow] = []
    var mismatches: [(session: Int64, pace: FramePace)] = []
    for session in sessions where session.isLive {
      let frames = try store.frames(of: session, on: connection)
      let rows = computation.sums(of: session, frames: frames, in: course)
      sums += rows.segments
      minutes += rows.minutes
      let pace = FramePace(of: frames, declaredMilliseconds: session.frameIntervalMilliseconds)
      if let pace, pace.disagrees { mismatches.append((session.session, pace)) }
    }
    try store.replaceSums(
      of: sessions.map(\.session), in: course.course, with: sums, minutes: minutes, on: connection)
    let before = try store.replaceMismatches(
      of: sessions.map(\.session), in: course.course, with: mismatches, on: connection)
    counts.intervalMismatches = mismatches.count
    if before == 0, let first = mismatches.first { counts.newMismatches = [first.pace] }
    return Set(sessions.map(\.learner)).sorted()
  }

  /// Writes the metrics of the learners, in every segment they are or were in, and returns those segments.
  private func deriveLearners(
    _ learners: [LearnerPseudonym], in course: RollupCourse, on connection: isolated PostgresConnection
  ) throws -> Set<Int64?> {
    let rows = try store.learnerSums(of: learners, in: course.course, on: connection)
      .flatMap { computation.metrics(of: $0, in: course) }
    let before = try store.replaceMetrics(of: learners, in: course.course, with: rows, on: connection)
    return before.union(rows.map(\.segment))
  }

  /// Computes these segments' rows from their learners', and lets the course's release take note.
  private func deriveSegments(
    _ segments: Set<Int64?>, in context: RollupCourse, on connection: isolated PostgresConnection
  ) throws -> AggregationCounts {
    let metrics = try store.learnerMetrics(in: context.course, on: connection)
    let rows = Dictionary(
      uniqueKeysWithValues: segments.map { segment in
        (segment, computation.metrics(of: segment, learners: metrics[segment] ?? [], in: context))
      })
    try store.replaceSegments(segments, in: context.course, with: rows.values.flatMap(\.self), on: connection)
    var counts = try ReleasePass(course: context, settings: settings)
      .run(metrics: metrics, changed: segments, rows: rows, closingPeriod: false, on: connection)
    counts.segments += segments.count
    return counts
  }
}
