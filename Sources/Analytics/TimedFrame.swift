package import LearningEvents

/// One stored sample of a session, as far as the metrics look at it.
package struct TimedFrame: Sendable, Hashable {
  package let capturedAt: EventTime
  package let sequence: Int32
  /// Where the learner was in the medium, if the LMS said so.
  package let mediaPositionMilliseconds: Int64?
  /// The LMS's own id of the segment, if it sent one.
  package let segmentHint: SegmentID?
  package let status: SampleStatus
  /// Probabilities in ten-thousandths; read only where `status` is classified.
  package let distribution: EmotionSums

  package init(
    capturedAt: EventTime, sequence: Int32, mediaPositionMilliseconds: Int64? = nil, segmentHint: SegmentID? = nil,
    status: SampleStatus, distribution: EmotionSums = EmotionSums()
  ) {
    self.capturedAt = capturedAt
    self.sequence = sequence
    self.mediaPositionMilliseconds = mediaPositionMilliseconds
    self.segmentHint = segmentHint
    self.status = status
    self.distribution = distribution
  }

  /// The order of every fold: capture time, then sequence.
  package static func precedes(_ left: TimedFrame, _ right: TimedFrame) -> Bool {
    (left.capturedAt.microseconds, left.sequence) < (right.capturedAt.microseconds, right.sequence)
  }
}
