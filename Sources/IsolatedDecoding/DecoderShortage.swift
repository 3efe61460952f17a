/// What is known of frames that find no decoder: a row of waits, one soon after another. Pure: the time comes in.
package struct DecoderShortage {
  /// A frame that waits asks again ten times a second; after so long without a wait none is waiting.
  package static let quiet = Duration.seconds(5)

  private var row: (problem: String, last: ContinuousClock.Instant)?

  package init() {}

  /// A frame found no decoder. True where this begins a row, which is when a person is to be told.
  package mutating func wait(_ problem: String, now: ContinuousClock.Instant) -> Bool {
    defer { row = (problem, now) }
    return row == nil
  }

  /// A frame was decoded. True where that ends a row: while some frames still wait, it goes on.
  package mutating func decoded(now: ContinuousClock.Instant) -> Bool {
    guard let row, row.last + Self.quiet <= now else { return false }
    self.row = nil
    return true
  }

  /// Why frames wait at this moment; nil if none does.
  package func problem(now: ContinuousClock.Instant) -> String? {
    row.flatMap { $0.last + Self.quiet > now ? $0.problem : nil }
  }
}
