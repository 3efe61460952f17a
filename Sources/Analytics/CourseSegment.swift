package import LearningEvents

/// One segment of a course as the join sees it: a stretch of a medium or of wall-clock time.
package struct CourseSegment: Sendable, Hashable {
  /// Half-open: the start belongs to the segment, the end to the next.
  package enum Range: Sendable, Hashable {
    /// Milliseconds of the medium.
    case media(start: Int64, end: Int64)
    /// Microseconds since 1970, UTC.
    case clock(start: Int64, end: Int64)
  }

  /// The database's number of the segment.
  package let key: Int64
  /// The LMS's id, which a frame's hint is compared with.
  package let id: SegmentID
  package let ordinal: Int32
  package let range: Range

  package init(key: Int64, id: SegmentID, ordinal: Int32, range: Range) {
    self.key = key
    self.id = id
    self.ordinal = ordinal
    self.range = range
  }

  /// Whether the frame lies in the segment; nil if that cannot be told (a medium, and no media position).
  func contains(_ frame: TimedFrame) -> Bool? {
    switch range {
    case .clock(let start, let end): start..<max(start, end) ~= frame.capturedAt.microseconds
    case .media(let start, let end): frame.mediaPositionMilliseconds.map { start..<max(start, end) ~= $0 }
    }
  }

  /// The minute of the segment that the frame lies in, from 0; nil if the frame's place in it is unknown.
  func minute(of frame: TimedFrame) -> Int32? {
    switch range {
    case .clock(let start, _): Int32(clamping: (frame.capturedAt.microseconds - start) / 60_000_000)
    case .media(let start, _):
      frame.mediaPositionMilliseconds.map { Int32(clamping: ($0 - start) / 60_000) }
    }
  }
}
