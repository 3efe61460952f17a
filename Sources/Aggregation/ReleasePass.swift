import Analytics
import LearningEvents
import Persistence
import PostgresIO

/// Brings the released cells of one course up to date, as far as the release policy lets it.
struct ReleasePass: Sendable {
  let course: RollupCourse
  let settings: AggregatorSettings
  let store = RollupStore()

  private var policy: ReleasePolicy { settings.releasePolicy }

  /// - Parameters:
  ///   - metrics: every learner's metrics in the course, by segment.
  ///   - changed: the segments whose metrics may have changed.
  ///   - rows: the segments' rows that were computed already, for their intervals cost thousands of resamples.
  func run(
    metrics: [Int64?: [(LearnerPseudonym, LearnerMetrics)]], changed: Set<Int64?>,
    rows: [Int64?: [SegmentMetricRow]], closingPeriod: Bool,
    on connection: isolated PostgresConnection
  ) throws -> AggregationCounts {
    let id = course.course
    if !closingPeriod { try openPeriod(on: connection) }
    let forgot = try store.forgetErasedContributions(in: id, on: connection)

    // Whole segments first: one that is hidden or shown anew changes its minutes too.
    let segmentRecords = try store.releaseRecords(in: id, minutesOf: [], on: connection)
    let segmentCells = cells(
      current: metrics.reduce(into: [:]) { $0[ReleaseCell.Key(segment: $1.key)] = $1.value }, records: segmentRecords)
    let preview = policy.decisions(for: segmentCells, closingPeriod: closingPeriod)
    let turned = segmentCells.filter { preview[$0.key] == .withdraw || (preview[$0.key] == .release && !$0.isShown) }
    let minuteSegments = changed.union(turned.map(\.key.segment)).compactMap(\.self).sorted()

    let records = try store.releaseRecords(in: id, minutesOf: minuteSegments, on: connection)
      .filter { $0.key.minute != nil }
    let minutes = try store.minuteSums(of: minuteSegments, in: id, on: connection).mapValues { learners in
      learners.map { ($0.0, LearnerMetrics($0.1, course: nil, weights: settings.weights)) }
    }
    let all = segmentCells + cells(current: minutes, records: records)
    let counts = try carryOut(
      policy.decisions(for: all, closingPeriod: closingPeriod), all, metrics: metrics, rows: rows, minutes: minutes,
      on: connection)
    if forgot || counts.cellsWithdrawn > 0 { try store.invalidateReports(of: id, on: connection) }
    return counts
  }

  /// The cells that exist now or were released once.
  private func cells(
    current: [ReleaseCell.Key: [(LearnerPseudonym, LearnerMetrics)]], records: [ReleaseCell.Key: ReleaseRecord]
  ) -> [ReleaseCell] {
    Set(current.keys).union(records.keys).sorted().map { key in
      let published = (current[key] ?? []).filter { $0.1.isPublished }
      let record = records[key]
      return ReleaseCell(
        key: key,
        current: Dictionary(
          published.map { ($0.0, LearnerDigest($0.1)) }, uniquingKeysWith: { first, _ in first }),
        released: record?.contributions ?? [:], departed: record?.departed ?? 0, isShown: record?.isShown ?? false)
    }
  }

  private func carryOut(
    _ decisions: [ReleaseCell.Key: ReleasePolicy.Decision], _ cells: [ReleaseCell],
    metrics: [Int64?: [(LearnerPseudonym, LearnerMetrics)]], rows: [Int64?: [SegmentMetricRow]],
    minutes: [ReleaseCell.Key: [(LearnerPseudonym, LearnerMetrics)]],
    on connection: isolated PostgresConnection
  ) throws -> AggregationCounts {
    let computation = RollupComputation(weights: settings.weights)
    var counts = AggregationCounts()
    for cell in cells {
      switch decisions[cell.key] {
      case .release where cell.key.minute == nil:
        let segment = cell.key.segment
        let rows = rows[segment] ?? computation.metrics(of: segment, learners: metrics[segment] ?? [], in: course)
        try store.release(cell, of: course.course, rows: rows, under: policy, on: connection)
        counts.cellsReleased += 1
      case .release:
        let means = MetricMean.means(of: (minutes[cell.key] ?? []).map(\.1))
        try store.release(
          cell, of: course.course, means: means, weightsVersion: settings.weights.version, under: policy,
          on: connection)
        counts.cellsReleased += 1
      case .withdraw:
        try store.withdraw(cell.key, of: course.course, on: connection)
        counts.cellsWithdrawn += 1
      case .keep, nil: break
      }
    }
    return counts
  }

  /// A course's first period begins with its first pass.
  private func openPeriod(on connection: isolated PostgresConnection) throws {
    let today = try store.today(on: connection)
    try store.openPeriod(
      of: course.course, period: today.periodStart(days: settings.releasePeriodDays), on: connection)
  }
}

extension CalendarDay {
  /// The first day of the period of that many days which holds this day, periods counted from 1970-01-01.
  func periodStart(days: Int32) -> CalendarDay {
    let rest = daysSinceEpoch % days
    return CalendarDay(daysSinceEpoch: daysSinceEpoch - (rest < 0 ? rest + days : rest))
  }
}
