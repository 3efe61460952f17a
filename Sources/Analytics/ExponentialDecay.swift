/// e^(−Δ/5000) for Δ in whole milliseconds, as a fixed-point number: the same bits on every machine.
///
/// Floating point would do it in one line, but `exp` differs in its last bit between C libraries, and an episode that
/// starts on one machine and not on another breaks the promise that a rollup equals its recomputation anywhere.
enum ExponentialDecay {
  /// Fractional bits of the factor.
  static let fractionBits = 30

  /// round(2^62 · e^(−1/5000)): one millisecond of the 5 s time constant.
  private static let oneMillisecond: UInt64 = 4_610_763_773_451_274_188

  /// The factor in 2^−30, 1 at Δ = 0; relative error below 1e-8. Δ is at least 0.
  static func factor(milliseconds: Int64) -> Int64 {
    precondition(milliseconds >= 0, "frames are folded in order")
    var result: UInt64 = 1 << 62
    var base = oneMillisecond
    var exponent = milliseconds
    while exponent > 0 && result > 0 {
      if exponent & 1 == 1 { result = product(result, base) }
      base = product(base, base)
      exponent >>= 1
    }
    return Int64(result >> (62 - UInt64(fractionBits)))
  }

  /// The product of two numbers in 2^−62, rounded down.
  private static func product(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let (high, low) = left.multipliedFullWidth(by: right)
    return high << 2 | low >> 62
  }
}
