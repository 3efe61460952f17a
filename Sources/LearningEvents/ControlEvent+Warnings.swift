extension ControlEvent {
  /// What is allowed and hardly ever meant: a sentence each, without titles and ids of people.
  package var warnings: [String] {
    guard case .course(let course) = self else { return [] }
    if course.segments.isEmpty { return ["the course has no segments: no figure of it is ever shown"] }
    return course.overlaps.map { first, second in
      "segments \(first.ordinal) and \(second.ordinal) overlap: a frame in both counts for the first alone"
    }
  }
}

extension CourseEvent {
  /// Pairs of segments that share time, by ordinal: of each segment the first that reaches into it.
  var overlaps: [(SegmentDefinition, SegmentDefinition)] {
    overlaps { range -> (Int64, Int64)? in
      guard case .media(let start, let end) = range else { return nil }
      return (start, end)
    }
      + overlaps { range -> (Int64, Int64)? in
        guard case .clock(let start, let end) = range else { return nil }
        return (start.microseconds, end.microseconds)
      }
  }

  private func overlaps(
    by bounds: (SegmentDefinition.Range) -> (start: Int64, end: Int64)?
  ) -> [(SegmentDefinition, SegmentDefinition)] {
    let placed = segments.compactMap { segment in bounds(segment.range).map { (segment, $0) } }
      .sorted { ($0.1.start, $0.0.ordinal) < ($1.1.start, $1.0.ordinal) }
    var pairs: [(SegmentDefinition, SegmentDefinition)] = []
    // The segment that reaches furthest of those that begin earlier.
    var furthest = placed.first
    for next in placed.dropFirst() {
      if let before = furthest, next.1.start < before.1.end {
        pairs.append(before.0.ordinal < next.0.ordinal ? (before.0, next.0) : (next.0, before.0))
      }
      if next.1.end > furthest?.1.end ?? .min { furthest = next }
    }
    return pairs
  }
}
