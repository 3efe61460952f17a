/// Waiting times between attempts: doubled from `first` up to `longest`, each shortened at random by up to a half so
/// that workers that failed together do not return together.
struct Backoff {
  private let longest: Duration
  private var next: Duration

  init(first: Duration = .milliseconds(100), longest: Duration = .seconds(10)) {
    self.next = first
    self.longest = longest
  }

  /// The time to wait before the next attempt.
  mutating func delay(using generator: inout some RandomNumberGenerator) -> Duration {
    let full = next
    next = min(next * 2, longest)
    return full * Double.random(in: 0.5...1, using: &generator)
  }
}
