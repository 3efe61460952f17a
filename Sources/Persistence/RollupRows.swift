package import Analytics
package import LearningEvents

/// A row of `lectern.session_segment_sum`, or of `lectern.session_minute_sum`.
package struct SessionSumRow: Sendable, Hashable {
  package let course: Int64
  package let session: Int64
  package let day: CalendarDay
  package let learner: LearnerPseudonym
  package let segment: Int64?
  /// Of the segment, in the table of minutes; nil in the one of segments.
  package let minute: Int32?
  package let weightsVersion: Int16
  package let sum: SegmentSum

  package init(
    course: Int64, session: Int64, day: CalendarDay, learner: LearnerPseudonym, segment: Int64?, minute: Int32? = nil,
    weightsVersion: Int16, sum: SegmentSum
  ) {
    self.course = course
    self.session = session
    self.day = day
    self.learner = learner
    self.segment = segment
    self.minute = minute
    self.weightsVersion = weightsVersion
    self.sum = sum
  }
}

/// A row of `lectern.learner_segment_metric`.
package struct LearnerMetricRow: Sendable, Hashable {
  package let course: Int64
  package let segment: Int64?
  package let learner: LearnerPseudonym
  package let weightsVersion: Int16
  package let metrics: LearnerMetrics

  package init(
    course: Int64, segment: Int64?, learner: LearnerPseudonym, weightsVersion: Int16, metrics: LearnerMetrics
  ) {
    self.course = course
    self.segment = segment
    self.learner = learner
    self.weightsVersion = weightsVersion
    self.metrics = metrics
  }
}

/// A row of `lectern.segment_metric`.
package struct SegmentMetricRow: Sendable, Hashable {
  package let course: Int64
  package let segment: Int64?
  package let metric: Metric
  package let weightsVersion: Int16
  package let summary: MetricSummary

  package init(course: Int64, segment: Int64?, metric: Metric, weightsVersion: Int16, summary: MetricSummary) {
    self.course = course
    self.segment = segment
    self.metric = metric
    self.weightsVersion = weightsVersion
    self.summary = summary
  }
}
