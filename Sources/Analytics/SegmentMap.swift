import LearningEvents

/// The segments of one course, and which of them a frame belongs to.
///
/// The rule, chosen so that a course of several media (whose positions all start at zero) works as well as one of
/// fixed hours:
/// 1. A hint that names a segment of the course wins unless the frame's own media position or capture time
///    contradicts it: a frame without a media position is believed, one whose position lies elsewhere is not.
/// 2. Otherwise the first segment, by (ordinal, key), that contains the frame's media position or capture time.
/// 3. Otherwise none: the frame counts as outside any segment, and is reported as such.
///
/// The join is made when rollups are computed, never stored with a sample, so that a course edit reaches old frames.
package struct SegmentMap: Sendable {
  private let segments: [CourseSegment]
  private let byID: [SegmentID: CourseSegment]

  package init(_ segments: [CourseSegment]) {
    self.segments = segments.sorted { ($0.definition.ordinal, $0.key) < ($1.definition.ordinal, $1.key) }
    byID = Dictionary(self.segments.map { ($0.definition.id, $0) }, uniquingKeysWith: { first, _ in first })
  }

  package func segment(of frame: TimedFrame) -> CourseSegment? {
    if let hint = frame.segmentHint, let hinted = byID[hint], hinted.contains(frame) != false { return hinted }
    return segments.first { $0.contains(frame) == true }
  }
}
