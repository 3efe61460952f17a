/// How many decoders may still be started: a bucket of starts that fills up again with time, so that a row of hostile
/// pictures cannot keep a machine busy with starting processes. Pure: the time comes in.
package struct StartBudget {
  package let burst: Int
  package let interval: Duration
  private var left: Int
  private var filledAt: ContinuousClock.Instant

  package init(burst: Int, interval: Duration, now: ContinuousClock.Instant) {
    (self.burst, self.interval, left, filledAt) = (burst, interval, burst, now)
  }

  /// Whether one may be started now; takes it out of the bucket.
  package mutating func take(now: ContinuousClock.Instant) -> Bool {
    while left < burst, filledAt + interval <= now {
      left += 1
      filledAt += interval
    }
    if left == burst { filledAt = max(filledAt, now) }
    guard left > 0 else { return false }
    left -= 1
    return true
  }
}
