package import LearningEvents

/// One segment of a course: the database's number of it, and what the LMS says of it.
package struct CourseSegment: Sendable, Hashable {
  /// The database's number of the segment.
  package let key: Int64
  package let definition: SegmentDefinition

  package init(key: Int64, _ definition: SegmentDefinition) { (self.key, self.definition) = (key, definition) }

  /// Whether the frame lies in the segment; nil if that cannot be told (a medium, and no media position).
  func contains(_ frame: TimedFrame) -> Bool? {
    switch definition.range {
    case .clock(let start, let end): start..<max(start, end) ~= frame.capturedAt
    case .media(let start, let end): frame.mediaPositionMilliseconds.map { start..<max(start, end) ~= $0 }
    }
  }

  /// The minute of the segment that the frame lies in, from 0; nil if the frame's place in it is unknown.
  func minute(of frame: TimedFrame) -> Int32? {
    switch definition.range {
    case .clock(let start, _):
      Int32(clamping: (frame.capturedAt.microseconds - start.microseconds) / 60_000_000)
    case .media(let start, _):
      frame.mediaPositionMilliseconds.map { Int32(clamping: ($0 - start) / 60_000) }
    }
  }
}
