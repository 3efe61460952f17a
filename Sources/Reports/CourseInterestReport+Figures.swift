import Persistence

extension CourseInterestReport {
  /// A mean over learners with its 95 % bootstrap interval, ten-thousandths.
  package struct Estimate: Sendable, Equatable, Codable {
    package var mean: Int64
    package var low: Int64
    package var high: Int64

    /// Bounds the wrong way round, or a mean outside them after rounding, are put in order.
    package init(mean: Int64, low: Int64, high: Int64) {
      self.mean = mean
      self.low = min(low, high, mean)
      self.high = max(low, high, mean)
    }
  }

  /// The released figures of one segment.
  package struct Figures: Sendable, Equatable, Codable {
    /// Learners behind the figures, rounded down to a multiple of five.
    package var learners: Int
    package var coverage: Int64
    package var concentration: Estimate
    /// Concentration if confusion counts for less, and for more.
    package var concentrationLow: Int64
    package var concentrationHigh: Int64
    package var engagement: Estimate
    package var onTask: Estimate
    package var interest: Estimate
    /// Shares in the order focused, distracted, curious, confused, tired, happy.
    package var emotions: [Int64]
    package var confused: Estimate
    /// Mean number of confusion episodes a learner, ten-thousandths; nil where not measured.
    package var confusionEpisodes: Int64?
  }

  /// The released figures of one minute of a segment.
  package struct Minute: Sendable, Equatable, Codable {
    /// From the segment's start, from 0.
    package var index: Int
    package var learners: Int
    package var concentration: Int64
    /// Shares in the order of the emotions.
    package var emotions: [Int64]
  }

  /// The segments whose figures are shown, in the course's order.
  package var shownSegments: [(segment: Segment, figures: Figures)] {
    segments.compactMap { segment in segment.figures.map { (segment, $0) } }
  }

  /// Why these numbers say nothing of anyone, if they do not: an untrained network, rendered faces, or both.
  package var demonstrationNotice: String? {
    var origins: [String] = []
    if models.contains(where: { !$0.isTrained }) { origins.append("an untrained network") }
    if framesAreSynthetic { origins.append("rendered faces") }
    guard !origins.isEmpty else { return nil }
    return "These numbers come from \(origins.joined(separator: " looking at ")): "
      + "they demonstrate the software and say nothing about anyone."
  }
}
