/// A metric's mean over learners alone, for cells too small and too many for quartiles and intervals.
package struct MetricMean: Sendable, Hashable {
  package let learners: Int32
  /// Ten-thousandths, half away from zero.
  package let mean: Int64

  /// The means of every metric somebody has.
  package static func means(of learners: [LearnerMetrics]) -> [Metric: MetricMean] {
    var means: [Metric: MetricMean] = [:]
    for metric in Metric.allCases {
      let values = learners.compactMap { $0[metric] }
      guard !values.isEmpty else { continue }
      means[metric] = MetricMean(
        learners: Int32(values.count),
        mean: roundedHalfAwayFromZero(Int128(values.reduce(0, +)), over: Int128(values.count)))
    }
    return means
  }
}
