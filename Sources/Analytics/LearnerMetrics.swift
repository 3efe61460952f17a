package import LearningEvents

/// The metrics of one learner in one segment (or one minute of it), from integer sums; each ratio is taken once, here.
package struct LearnerMetrics: Sendable, Hashable {
  /// Ten-thousandths; coverage is always there, everything else only where the figures are published.
  private let values: [Metric: Int64]

  /// Whether V ≥ 0.5 (exactly, before rounding): below it too little was seen to say anything.
  package let isPublished: Bool

  /// - Parameters:
  ///   - sum: the learner's sums in the segment.
  ///   - course: the learner's sums over the whole course, frames outside any segment included; the baseline of
  ///     interest. nil leaves interest out, as for a minute.
  package init(_ sum: SegmentSum, course: SegmentSum?, weights: MetricWeights) {
    let time = Int128(sum.classifiedMilliseconds)
    let expected = Int128(sum.expectedMilliseconds)
    isPublished = time > 0 && 2 * time >= expected
    guard expected > 0 else {
      values = [.coverage: 0]
      return
    }
    var values: [Metric: Int64] = [.coverage: roundedHalfAwayFromZero(time * 10_000, over: expected)]
    if isPublished {
      let q = sum.weighted
      func score(_ row: MetricWeights.Row) -> Int64 { roundedHalfAwayFromZero(row.weighted(q), over: 100 * time) }
      values[.concentration] = score(weights.concentration)
      values[.concentrationLow] = score(weights.concentrationLow)
      values[.concentrationHigh] = score(weights.concentrationHigh)
      values[.onTask] = score(weights.onTask)
      // (1 + Σ weight·q)/2 with the 1 as 10000 ten-thousandths × 100 hundredths.
      values[.engagement] = roundedHalfAwayFromZero(
        1_000_000 * time + weights.engagement.weighted(q), over: 200 * time)
      for (emotion, metric) in Self.shares {
        values[metric] = roundedHalfAwayFromZero(Int128(q[emotion]), over: time)
      }
      if let course, course.classifiedMilliseconds > 0 {
        let courseTime = Int128(course.classifiedMilliseconds)
        values[.interest] = roundedHalfAwayFromZero(
          weights.interest.weighted(q) * courseTime - weights.interest.weighted(course.weighted) * time,
          over: 100 * time * courseTime)
      }
      values[.confusionEpisodes] = sum.confusionEpisodes * 10_000
      values[.confusionResolved] = sum.confusionResolved * 10_000
      values[.confusionTime] = roundedHalfAwayFromZero(Int128(sum.confusionMilliseconds) * 10_000, over: expected)
    }
    self.values = values
  }

  /// From values that were stored.
  package init(stored values: [Metric: Int64], isPublished: Bool) {
    self.values = values
    self.isPublished = isPublished
  }

  /// The metric in ten-thousandths; nil where it is not published.
  package subscript(metric: Metric) -> Int64? { values[metric] }

  /// The share metric of each emotion.
  package static let shares: [(Emotion, Metric)] = Emotion.allCases.map { emotion in
    guard let metric = Metric(rawValue: emotion.name) else { preconditionFailure("every emotion has a share metric") }
    return (emotion, metric)
  }
}
