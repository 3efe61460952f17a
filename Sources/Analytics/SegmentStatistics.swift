package import LearningEvents
import StableHashing

/// The metrics of one segment over its learners: mean, quartiles and a 95 % bootstrap interval by learner.
///
/// The bootstrap draws `resamples` times as many learners as there are, with replacement, by `SplitMix64` over
/// the learners in id order; the same draws serve every metric that is taken over the same learners. The interval is
/// the 2.5th and the 97.5th percentile of the resampled sums by nearest rank (the 50th and the 1950th of 2000),
/// divided by n at the very end. Integers throughout.
package struct SegmentStatistics: Sendable, Equatable {
  /// A multiple of 40, so that both percentiles fall on a rank.
  package static let resamples = 2000

  package let summaries: [Metric: MetricSummary]

  /// - Parameter learners: each learner once, in any order. Coverage is summarised over all of them, everything else
  ///   over the published ones; a metric nobody has is absent.
  package init(learners: [(LearnerPseudonym, LearnerMetrics)], seed: BootstrapSeed) {
    let ordered = learners.sorted { $0.0 < $1.0 }
    var summaries: [Metric: MetricSummary] = [:]
    // Metrics that exist for the same learners share their draws.
    var groups: [[Int]: [Metric]] = [:]
    for metric in Metric.allCases {
      let having = ordered.indices.filter { ordered[$0].1[metric] != nil }
      if !having.isEmpty { groups[having, default: []].append(metric) }
    }
    for (having, metrics) in groups {
      let columns = metrics.map { metric in having.map { ordered[$0].1[metric]! } }
      let intervals = Self.intervals(of: columns, seed: seed)
      for (index, metric) in metrics.enumerated() {
        let column = columns[index]
        summaries[metric] = MetricSummary(
          learners: Int32(column.count),
          mean: roundedHalfAwayFromZero(Int128(column.reduce(0, +)), over: Int128(column.count)),
          quartiles: Quartiles(of: column), interval: intervals[index])
      }
    }
    self.summaries = summaries
  }

  /// The interval of the mean of each column; all columns have the same length.
  private static func intervals(of columns: [[Int64]], seed: BootstrapSeed) -> [ClosedRange<Int64>] {
    let count = columns[0].count
    var generator = SplitMix64(seed: seed.value)
    var sums = columns.map { _ in [Int64](repeating: 0, count: resamples) }
    var draws = [Int](repeating: 0, count: count)
    for resample in 0..<resamples {
      for draw in draws.indices { draws[draw] = generator.index(below: count) }
      for column in columns.indices {
        let values = columns[column]
        var sum: Int64 = 0
        for draw in draws { sum += values[draw] }
        sums[column][resample] = sum
      }
    }
    return sums.map { sums in
      let sorted = sums.sorted()
      func mean(_ rank: Int) -> Int64 { roundedHalfAwayFromZero(Int128(sorted[rank - 1]), over: Int128(count)) }
      return mean(resamples / 40)...mean(resamples - resamples / 40)
    }
  }
}

extension SplitMix64 {
  /// An index in 0..<count: the high word of `next() × count`. Its bias, count/2^64, is beyond any use here.
  fileprivate mutating func index(below count: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(count)).high)
  }
}
