/// How long a decoder may be at a frame. Pure: it is told of each slice of time that has passed.
///
/// What counts is the decoder's processor time, so that a machine with much else to do makes no good picture a bad
/// one. One that takes none stands still: it is stopped, waits for something or sleeps. The clock on the wall comes
/// last, for one that takes a little now and then. Slices are counted, not measured: should both processes stand still
/// (a frozen container, a machine asleep), that costs one slice and not the whole time.
package struct DecoderPatience {
  package enum Verdict: Equatable, Sendable {
    case wait
    /// It took more processor time than allowed.
    case spent
    /// It has taken none for as long as it might have taken all.
    case still
    /// It has been at the frame far too long, by the clock.
    case old
  }

  /// Into how many slices the allowed time is cut.
  private static let parts = 20
  /// How many times the allowed time may pass by the clock.
  package static let farBound = 12

  package let limit: Duration
  private let begin: Duration?
  private var last: Duration?
  private var slices = 0
  private var stillSlices = 0

  /// - Parameters:
  ///   - limit: of processor time.
  ///   - processorTime: of the decoder when it was given the frame; nil where the kernel does not say, and then a slice
  ///     counts as one of processor time.
  package init(_ limit: Duration, processorTime: Duration?) {
    self.limit = limit
    (begin, last) = (processorTime, processorTime)
  }

  /// How long to wait before the next verdict.
  package var slice: Duration { limit / Self.parts }

  /// Whether it is time to see whether the decoder took the frame up at all.
  package var isTimeToAsk: Bool { slices == Self.parts / 5 }

  /// A slice has passed without an answer.
  ///
  /// - Parameter processorTime: of the decoder by now.
  package mutating func wait(processorTime: Duration?) -> Verdict {
    slices += 1
    guard let begin, let last, let now = processorTime else { return slices >= Self.parts ? .spent : .wait }
    stillSlices = now > last ? 0 : stillSlices + 1
    self.last = now
    if now - begin > limit { return .spent }
    if stillSlices >= Self.parts { return .still }
    return slices >= Self.farBound * Self.parts ? .old : .wait
  }
}
