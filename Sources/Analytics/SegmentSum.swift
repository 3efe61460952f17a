import LearningEvents

/// Everything the metrics need of one learner's time in one segment, as integers that add.
///
/// The additive core of every rollup: sums of sessions, in any order and grouping, give the sums of the whole, bit
/// for bit. Ratios are taken once, at the end, by `LearnerMetrics`.
package struct SegmentSum: Sendable, Hashable {
  /// Σ weight × probability over classified frames, in milliseconds × ten-thousandths.
  package var weighted = EmotionSums()
  /// Σ weight of classified frames, milliseconds.
  package var classifiedMilliseconds: Int64 = 0
  /// The time the learner was there to be seen, milliseconds; at least `classifiedMilliseconds`.
  package var expectedMilliseconds: Int64 = 0
  package var classifiedFrames: Int64 = 0
  package var noFaceFrames: Int64 = 0
  package var lowQualityFrames: Int64 = 0
  /// Confusion episodes that began in this segment, their whole length, and how many of them were resolved.
  package var confusionEpisodes: Int64 = 0
  package var confusionMilliseconds: Int64 = 0
  package var confusionResolved: Int64 = 0

  package init() {}

  package static func += (sum: inout SegmentSum, term: SegmentSum) {
    sum.weighted += term.weighted
    sum.classifiedMilliseconds += term.classifiedMilliseconds
    sum.expectedMilliseconds += term.expectedMilliseconds
    sum.classifiedFrames += term.classifiedFrames
    sum.noFaceFrames += term.noFaceFrames
    sum.lowQualityFrames += term.lowQualityFrames
    sum.confusionEpisodes += term.confusionEpisodes
    sum.confusionMilliseconds += term.confusionMilliseconds
    sum.confusionResolved += term.confusionResolved
  }

  /// Adds one frame. Only a classified frame with probabilities counts as classified time.
  mutating func add(_ frame: TimedFrame, weightMilliseconds: Int64, expectedMilliseconds: Int64) {
    self.expectedMilliseconds += expectedMilliseconds
    switch frame.status {
    case .noFace: noFaceFrames += 1
    case .lowQuality: lowQualityFrames += 1
    case .classified:
      classifiedFrames += 1
      classifiedMilliseconds += weightMilliseconds
      for emotion in Emotion.allCases {
        weighted[emotion] += weightMilliseconds * Int64(frame.distribution[emotion])
      }
    }
  }
}
