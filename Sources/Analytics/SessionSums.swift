/// What one session adds up to: integer sums for each segment, and for each minute of each segment.
package struct SessionSums: Sendable, Equatable {
  /// A minute of a segment, counted from the segment's start.
  package struct Minute: Sendable, Hashable {
    package let segment: Int64
    package let minute: Int32

    package init(segment: Int64, minute: Int32) {
      self.segment = segment
      self.minute = minute
    }
  }

  /// By segment key; nil holds the frames outside any segment. The values of all segments add up to the session.
  package internal(set) var segments: [Int64?: SegmentSum] = [:]
  /// The frames whose place in their segment is known, by minute. Episodes are not split by minute and stay zero.
  package internal(set) var minutes: [Minute: SegmentSum] = [:]

  package init() {}
}
