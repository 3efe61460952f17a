/// Waiting times between attempts: doubled from `first` up to `longest`, each shortened at random by up to a half so
/// that processes that failed together do not return together.
package struct Backoff: Sendable {
  private let first: Duration
  private let longest: Duration
  private var next: Duration
  private var generator = SystemRandomNumberGenerator()

  package init(first: Duration = .milliseconds(100), longest: Duration = .seconds(10)) {
    (self.first, self.longest, next) = (first, longest, first)
  }

  /// The time to wait before the next attempt.
  package mutating func delay() -> Duration {
    let full = next
    next = min(next * 2, longest)
    return full * Double.random(in: 0.5...1, using: &generator)
  }

  /// Begins again with the first time, as after a success.
  package mutating func reset() { next = first }
}
