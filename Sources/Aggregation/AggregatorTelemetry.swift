import Telemetry

/// The aggregator's metrics.
struct AggregatorTelemetry: Sendable {
  let sessions: Counter
  let intervalMismatches: Counter
  let cellsReleased: Counter
  let cellsWithdrawn: Counter
  let samplesErased: Counter
  let erasures: Counter
  let samplesExpired: Counter
  let sumsExpired: Counter
  let expiryDeferrals: Counter
  let failures: Counter
  let dirtyCourses: Gauge
  let passSeconds: Histogram

  init(_ metrics: MetricsRegistry) {
    sessions = metrics.counter(
      "lectern_aggregate_sessions_total", help: "Dirty sessions whose sums were computed again.")
    intervalMismatches = metrics.counter(
      "lectern_aggregate_interval_mismatches_total",
      help: "Recomputed sessions whose frames come at another interval than the one that counts for them.")
    cellsReleased = metrics.counter(
      "lectern_aggregate_cells_released_total", help: "Cells shown to teachers and analysts with new values.")
    cellsWithdrawn = metrics.counter(
      "lectern_aggregate_cells_withdrawn_total", help: "Cells no longer shown because their cohort is too small.")
    samplesErased = metrics.counter(
      "lectern_aggregate_samples_erased_total", help: "Samples deleted for erasures and revocations.")
    erasures = metrics.counter(
      "lectern_aggregate_erasures_total", help: "Erasures and revocations carried out to their end.")
    samplesExpired = metrics.counter(
      "lectern_aggregate_samples_expired_total", help: "Samples dropped with a day older than samples are kept.")
    sumsExpired = metrics.counter(
      "lectern_aggregate_sums_expired_total", help: "Rows of sums deleted because they are older than sums are kept.")
    expiryDeferrals = metrics.counter(
      "lectern_aggregate_expiry_deferrals_total", help: "Times expiry gave way or failed, to be tried again.")
    failures = metrics.counter(
      "lectern_aggregate_failures_total", help: "Transient database errors after which aggregation began again.")
    dirtyCourses = metrics.gauge(
      "lectern_aggregate_dirty_courses", help: "Courses with sessions waiting to be computed again.")
    passSeconds = metrics.histogram(
      "lectern_aggregate_pass_seconds", help: "Time of one transaction on one course.")
  }

  /// What was done since the process began, as it stands in the log.
  func totals(since start: ContinuousClock.Instant) -> KeyValuePairs<String, MetadataValue> {
    func total(_ counter: Counter) -> MetadataValue { .int(Int64(counter.value)) }
    return [
      "sessions": total(sessions), "cells_released": total(cellsReleased), "cells_withdrawn": total(cellsWithdrawn),
      "erasures": total(erasures), "samples_erased": total(samplesErased), "samples_expired": total(samplesExpired),
      "seconds": .seconds(start.duration(to: .now)),
    ]
  }

  func record(_ counts: AggregationCounts, duration: Duration?) {
    sessions.increment(by: counts.sessions)
    intervalMismatches.increment(by: counts.intervalMismatches)
    cellsReleased.increment(by: counts.cellsReleased)
    cellsWithdrawn.increment(by: counts.cellsWithdrawn)
    if let duration { passSeconds.observe(duration) }
  }
}
