package import Analytics
package import LearningEvents

/// What the rollups need to know of one course.
package struct RollupCourse: Sendable {
  package let course: Int64
  /// The source URI and the LMS's id: with a segment's id they seed the bootstrap.
  package let source: SourceID
  package let externalID: CourseID
  /// The segments frames are joined to: the current ones.
  package let segments: [CourseSegment]
  /// The LMS's id of every segment the course ever had.
  package let segmentIDs: [Int64: SegmentID]

  package func seed(segment: Int64?, version: Int16) -> BootstrapSeed {
    BootstrapSeed(source: source, course: externalID, segment: segment.flatMap { segmentIDs[$0] }, version: version)
  }
}

/// What the rollups need to know of one session.
package struct RollupSession: Sendable {
  package let session: Int64
  package let day: CalendarDay
  package let learner: LearnerPseudonym
  /// The declared interval between frames: the session event's, else the one of the session row.
  package let frameIntervalMilliseconds: Int64
  /// Whether the day's samples are still kept. If not, the session's sums are frozen.
  package let isLive: Bool
  /// Whether an erasure ordered after the session was opened covers its learner.
  package let isErased: Bool
}
