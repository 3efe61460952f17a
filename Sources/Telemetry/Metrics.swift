import Synchronization

/// A number that only grows. Any thread.
package final class Counter: Sendable {
  private let bits = Atomic<UInt64>(0)

  init() {}

  /// Adds a count or an amount of seconds or bytes; negative or non-finite amounts trap.
  package func increment(by amount: Double) {
    precondition(amount >= 0 && amount.isFinite, "a counter never goes down")
    bits.add(amount)
  }

  package func increment(by count: Int = 1) { increment(by: Double(count)) }

  package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// A number that goes up and down. Any thread.
package final class Gauge: Sendable {
  private let bits = Atomic<UInt64>(0)

  init() {}

  package func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
  package func set(_ value: Int) { set(Double(value)) }

  package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// Counts observations by upper bound and sums them. Any thread.
package final class Histogram: Sendable {
  struct State: Sendable {
    /// One count a bucket, and one for what lies above the last bound; not cumulative.
    var counts: [UInt64]
    var sum = 0.0
  }

  /// Upper bounds, inclusive, ascending, without the infinite one.
  let buckets: [Double]
  private let state: Mutex<State>

  init(buckets: [Double]) {
    self.buckets = buckets
    state = Mutex(State(counts: Array(repeating: 0, count: buckets.count + 1)))
  }

  /// Records one value; NaN is ignored, because it would spoil the sum for ever.
  package func observe(_ value: Double) {
    guard !value.isNaN else { return }
    let index = buckets.firstIndex { value <= $0 } ?? buckets.count
    state.withLock {
      $0.counts[index] += 1
      $0.sum += value
    }
  }

  /// Records a duration in seconds.
  package func observe(_ duration: Duration) { observe(duration.inSeconds) }

  var snapshot: State { state.withLock { $0 } }

  /// Bounds for times of 1 ms to 60 s.
  package static let secondsBuckets = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
  ]
}

extension Atomic<UInt64> {
  /// Adds to the double whose bits are stored here.
  fileprivate func add(_ amount: Double) {
    var old = load(ordering: .relaxed)
    while true {
      let new = (Double(bitPattern: old) + amount).bitPattern
      let (exchanged, original) = weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
      if exchanged { return }
      old = original
    }
  }
}
