import LearningEvents

/// What each emotion counts for in each metric: one versioned table, whose version is stored with every rollup.
///
/// Version 1, in hundredths (the table `lectern.metric_weights` says the same, and a test compares the two):
///
/// | emotion    | concentration | low | high | engagement | on task | interest |
/// |------------|---------------|-----|------|------------|---------|----------|
/// | focused    |           100 | 100 |  100 |       +100 |     100 |        0 |
/// | distracted |             0 |   0 |    0 |       −100 |       0 |        0 |
/// | curious    |            67 |  67 |   67 |       +100 |     100 |      100 |
/// | confused   |            50 |  33 |   67 |          0 |     100 |        0 |
/// | tired      |            33 |  33 |   33 |       −100 |       0 |        0 |
/// | happy      |            67 |  67 |   67 |       +100 |       0 |      100 |
///
/// Sun, Liu and Qian 2024 (sections 1 and 6) want to know whether students concentrate, how far they are engaged and
/// which content interests them, but give no formula: these weights are this project's, hence the version. Low and
/// high are the band of concentration, because whether a confused learner concentrates is open. Engagement is
/// (1 + Σ weight·q)/2, so confusion is neutral. A table is a value: comparing two is how a change is studied.
package struct MetricWeights: Sendable, Hashable {
  /// The six weights of one metric in hundredths.
  package struct Row: Sendable, Hashable {
    package let hundredths: EmotionSums

    package init(
      focused: Int64, distracted: Int64, curious: Int64, confused: Int64, tired: Int64, happy: Int64
    ) {
      hundredths = EmotionSums([focused, distracted, curious, confused, tired, happy])
    }

    /// Σ weight × sum, in hundredths of the sums' unit.
    package func weighted(_ sums: EmotionSums) -> Int128 {
      Emotion.allCases.reduce(into: 0) { $0 += Int128(hundredths[$1]) * Int128(sums[$1]) }
    }
  }

  package let version: Int16
  package let concentration: Row
  package let concentrationLow: Row
  package let concentrationHigh: Row
  package let engagement: Row
  package let onTask: Row
  package let interest: Row

  package init(
    version: Int16, concentration: Row, concentrationLow: Row, concentrationHigh: Row, engagement: Row, onTask: Row,
    interest: Row
  ) {
    (self.version, self.concentration, self.engagement) = (version, concentration, engagement)
    (self.concentrationLow, self.concentrationHigh) = (concentrationLow, concentrationHigh)
    (self.onTask, self.interest) = (onTask, interest)
  }

  /// Every version that this program has.
  package static let all = [version1]

  package static let version1 = MetricWeights(
    version: 1,
    concentration: Row(focused: 100, distracted: 0, curious: 67, confused: 50, tired: 33, happy: 67),
    concentrationLow: Row(focused: 100, distracted: 0, curious: 67, confused: 33, tired: 33, happy: 67),
    concentrationHigh: Row(focused: 100, distracted: 0, curious: 67, confused: 67, tired: 33, happy: 67),
    engagement: Row(focused: 100, distracted: -100, curious: 100, confused: 0, tired: -100, happy: 100),
    onTask: Row(focused: 100, distracted: 0, curious: 100, confused: 100, tired: 0, happy: 0),
    interest: Row(focused: 0, distracted: 0, curious: 100, confused: 0, tired: 0, happy: 100))
}
