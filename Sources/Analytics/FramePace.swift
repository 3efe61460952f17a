import LearningEvents

/// How far apart a session's frames came, beside the interval that counts for them.
///
/// The interval is declared and never estimated (`SessionFold`), so where it is wrong coverage is wrong, and nothing
/// else shows why: frames of every 10 s under an interval of 1 s have a coverage of 0.2 at most.
package struct FramePace: Sendable, Hashable {
  /// The median time from one frame to the next.
  package let observedMilliseconds: Int64
  package let declaredMilliseconds: Int64

  /// Gaps that are needed to speak of a pace.
  package static let leastGaps = 4
  /// Longer gaps are breaks: no interval that may be declared is longer.
  package static let longestGapMilliseconds: Int64 = 600_000

  package init(observedMilliseconds: Int64, declaredMilliseconds: Int64) {
    (self.observedMilliseconds, self.declaredMilliseconds) = (observedMilliseconds, declaredMilliseconds)
  }

  /// The pace of frames in any order; nil where there are too few to tell.
  package init?(of frames: [TimedFrame], declaredMilliseconds: Int64) {
    let times = frames.map(\.capturedAt.milliseconds).sorted()
    let gaps = zip(times, times.dropFirst()).map { $1 - $0 }.filter { $0 <= Self.longestGapMilliseconds }.sorted()
    guard gaps.count >= Self.leastGaps else { return nil }
    self.init(observedMilliseconds: gaps[gaps.count / 2], declaredMilliseconds: declaredMilliseconds)
  }

  /// Whether one is more than 1.5 times the other: a lost frame now and then is not enough for that.
  package var disagrees: Bool {
    2 * observedMilliseconds > 3 * declaredMilliseconds || 2 * declaredMilliseconds > 3 * observedMilliseconds
  }
}
