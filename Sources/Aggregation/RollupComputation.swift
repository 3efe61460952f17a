package import Analytics
package import LearningEvents
package import Persistence

/// From rows to rows: the one way rollups are derived, for the aggregator and for the verification that judges it.
package struct RollupComputation: Sendable {
  package let weights: MetricWeights

  package init(weights: MetricWeights) { self.weights = weights }

  /// The rows of one session's sums.
  package func sums(
    of session: RollupSession, frames: [TimedFrame], in course: RollupCourse
  ) -> (segments: [SessionSumRow], minutes: [SessionSumRow]) {
    let fold = SessionFold(
      segments: SegmentMap(course.segments), frameIntervalMilliseconds: session.frameIntervalMilliseconds)
    let sums = fold.sums(of: frames)
    func row(_ segment: Int64?, _ minute: Int32?, _ sum: SegmentSum) -> SessionSumRow {
      SessionSumRow(
        course: course.course, session: session.session, day: session.day, learner: session.learner, segment: segment,
        minute: minute, weightsVersion: weights.version, sum: sum)
    }
    return (
      sums.segments.map { row($0, nil, $1) }, sums.minutes.map { row($0.segment, $0.minute, $1) }
    )
  }

  /// A learner's metrics in each segment that learner was in.
  package func metrics(of learner: LearnerSums, in course: RollupCourse) -> [LearnerMetricRow] {
    let whole = learner.course
    return learner.segments.map { segment, sum in
      LearnerMetricRow(
        course: course.course, segment: segment, learner: learner.learner, weightsVersion: weights.version,
        metrics: LearnerMetrics(sum, course: whole, weights: weights))
    }
  }

  /// A segment's metrics over its learners.
  package func metrics(
    of segment: Int64?, learners: [(LearnerPseudonym, LearnerMetrics)], in course: RollupCourse
  ) -> [SegmentMetricRow] {
    let statistics = SegmentStatistics(
      learners: learners, seed: course.seed(segment: segment, version: weights.version))
    return Metric.allCases.compactMap { metric in
      statistics.summaries[metric].map {
        SegmentMetricRow(
          course: course.course, segment: segment, metric: metric, weightsVersion: weights.version, summary: $0)
      }
    }
  }
}
