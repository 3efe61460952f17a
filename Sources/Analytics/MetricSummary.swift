/// One metric of one segment over its learners, in ten-thousandths.
package struct MetricSummary: Sendable, Hashable {
  /// How many learners it is taken over.
  package let learners: Int32
  /// Σ / n, half away from zero.
  package let mean: Int64
  package let quartiles: Quartiles
  /// The 95 % bootstrap interval of the mean.
  package let interval: ClosedRange<Int64>

  package init(learners: Int32, mean: Int64, quartiles: Quartiles, interval: ClosedRange<Int64>) {
    self.learners = learners
    self.mean = mean
    self.quartiles = quartiles
    self.interval = interval
  }
}
