import LearningEvents

/// Turns the frames of one session into integer sums, in one pass over (captured_at, seq) order.
///
/// - A frame weighs the time to the session's next frame of any status, at most twice the declared frame interval,
///   credited whole to the frame's own segment. The last frame of a visit (a run without a gap of 60 s or more)
///   weighs one interval.
/// - Expected time is the uncapped gap to the next frame, or one interval at a visit's end: never less than the
///   weight, so coverage is at most 1.
///
/// Times are capture times in whole milliseconds, rounded down, so that gaps add up without drift. The interval is
/// declared and never estimated: an estimate would change old rollups whenever a frame is late.
package struct SessionFold: Sendable {
  /// A gap this long ends a visit.
  package static let visitGapMilliseconds: Int64 = 60_000

  package let segments: SegmentMap
  package let frameIntervalMilliseconds: Int64

  package init(segments: SegmentMap, frameIntervalMilliseconds: Int64) {
    precondition(frameIntervalMilliseconds > 0, "a frame interval is positive")
    self.segments = segments
    self.frameIntervalMilliseconds = frameIntervalMilliseconds
  }

  /// The sums of the session's frames, which may come in any order.
  package func sums(of frames: [TimedFrame]) -> SessionSums {
    let ordered = frames.sorted(by: TimedFrame.precedes)
    let placed = ordered.map { segments.segment(of: $0) }
    var sums = SessionSums()
    var confusion = ConfusionTracker()
    for (index, frame) in ordered.enumerated() {
      let next = index + 1 < ordered.count ? ordered[index + 1] : nil
      let (weight, expected) = time(from: frame, to: next)
      let segment = placed[index]
      sums.segments[segment?.key, default: SegmentSum()]
        .add(frame, weightMilliseconds: weight, expectedMilliseconds: expected)
      if let segment, let minute = segment.minute(of: frame) {
        sums.minutes[.init(segment: segment.key, minute: minute), default: SegmentSum()]
          .add(frame, weightMilliseconds: weight, expectedMilliseconds: expected)
      }
      if frame.status == .classified {
        confusion.add(frame: index, milliseconds: frame.capturedAt.milliseconds, distribution: frame.distribution)
      }
    }
    for episode in confusion.finish() {
      let key = placed[episode.firstFrame]?.key
      sums.segments[key, default: SegmentSum()].confusionEpisodes += 1
      sums.segments[key, default: SegmentSum()].confusionMilliseconds +=
        episode.endMilliseconds - episode.startMilliseconds
      sums.segments[key, default: SegmentSum()].confusionResolved += episode.resolved ? 1 : 0
    }
    return sums
  }

  /// The weight and the expected time of a frame, in milliseconds.
  private func time(from frame: TimedFrame, to next: TimedFrame?) -> (weight: Int64, expected: Int64) {
    guard let next else { return (frameIntervalMilliseconds, frameIntervalMilliseconds) }
    let gap = next.capturedAt.milliseconds - frame.capturedAt.milliseconds
    guard gap < Self.visitGapMilliseconds else { return (frameIntervalMilliseconds, frameIntervalMilliseconds) }
    return (min(gap, 2 * frameIntervalMilliseconds), gap)
  }
}
