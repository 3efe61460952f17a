/// Lower quartile, median and upper quartile of integers, as integers.
///
/// Linear interpolation between order statistics at position k(n−1)/4 (definition 7 of Hyndman and Fan 1996, the
/// default of NumPy and R), rounded half away from zero. One value is all three.
package struct Quartiles: Sendable, Hashable {
  package let lower: Int64
  package let median: Int64
  package let upper: Int64

  package init(lower: Int64, median: Int64, upper: Int64) {
    self.lower = lower
    self.median = median
    self.upper = upper
  }

  /// Traps on an empty list: a segment nobody was published for has no statistics.
  package init(of values: [Int64]) {
    precondition(!values.isEmpty, "quartiles of nothing")
    let sorted = values.sorted()
    func quantile(_ quarter: Int) -> Int64 {
      let (index, fraction) = (quarter * (sorted.count - 1)).quotientAndRemainder(dividingBy: 4)
      guard fraction > 0 else { return sorted[index] }
      return roundedHalfAwayFromZero(
        Int128(4 - fraction) * Int128(sorted[index]) + Int128(fraction) * Int128(sorted[index + 1]), over: 4)
    }
    lower = quantile(1)
    median = quantile(2)
    upper = quantile(3)
  }
}
