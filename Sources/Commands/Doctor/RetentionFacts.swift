import Configuration
package import LearningEvents
import PostgresIO

/// The oldest that a database holds, beside how long it is to be kept: whether expiry works.
package struct RetentionFacts: Sendable {
  /// The server's day, in UTC.
  package var today: CalendarDay
  /// The day of the oldest sample; nil without samples.
  package var oldestSample: CalendarDay?
  /// The day of the oldest sums; nil without any.
  package var oldestSum: CalendarDay?
  /// The first day whose sums are to be kept.
  package var firstSumDay: CalendarDay
  /// How long samples are to be kept, in days.
  package var sampleDays: Int

  package init(
    today: CalendarDay, oldestSample: CalendarDay?, oldestSum: CalendarDay?, firstSumDay: CalendarDay, sampleDays: Int
  ) {
    (self.today, self.oldestSample, self.oldestSum) = (today, oldestSample, oldestSum)
    (self.firstSumDay, self.sampleDays) = (firstSumDay, sampleDays)
  }

  /// A day of samples goes on the day after it has been kept for `sampleDays`, as `expire_samples` counts.
  private var nextExpiry: CalendarDay? { oldestSample?.advanced(by: Int32(sampleDays) + 1) }

  package var finding: Finding {
    let subject = "retention"
    let samples =
      if let oldestSample, let nextExpiry {
        "oldest samples of \(oldestSample), which go on \(nextExpiry)"
      } else {
        "no samples"
      }
    let sums = oldestSum.map { "oldest sums of \($0), kept from \(firstSumDay) on" } ?? "no sums"
    let detail = "\(samples); \(sums)"
    // A day of grace: expiry waits for dirty sessions, for readers of samples and for an aggregator.
    let isOverdue =
      nextExpiry.map { $0 < today } ?? false || oldestSum.map { $0 < firstSumDay.advanced(by: -1) } ?? false
    guard isOverdue else { return .good(subject, detail) }
    return .warning(
      subject, "\(detail): overdue",
      remedy: "run 'lectern aggregate' with this retention; its log and lectern_aggregate_expiry_deferrals_total say "
        + "what keeps it")
  }
}

extension RetentionFacts {
  /// Asks over a connection as `lectern_aggregator`.
  init(on connection: PostgresConnection, sampleDays: Int, sumMonths: Int) async throws(PostgresError) {
    let row = try await connection.query(
      """
      SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date AS today,
        (SELECT min(session_day) FROM lectern.emotion_sample) AS sample,
        (SELECT min(session_day) FROM lectern.session_segment_sum) AS sum,
        lectern.oldest_sum_day($1) AS first_sum
      """, [.int4(Int32(sumMonths))]
    ).single()
    self.init(
      today: try row.decode("today"), oldestSample: try row.decodeIfPresent("sample"),
      oldestSum: try row.decodeIfPresent("sum"), firstSumDay: try row.decode("first_sum"), sampleDays: sampleDays)
  }
}
