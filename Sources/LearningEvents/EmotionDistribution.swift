/// Six probabilities in whole ten-thousandths that sum to exactly 10,000, in the order of `Emotion`.
///
/// Integers, so that a stored sample, its rollup and their recomputation agree bit for bit.
package struct EmotionDistribution: Sendable, Hashable {
  /// What the six parts sum to.
  package static let total = 10_000

  /// The first lanes are the emotions, the others stay zero.
  private let parts: SIMD8<Int16>

  /// Rounds non-negative weights by the method of largest remainder; equal remainders go to the first emotion.
  ///
  /// The weights are divided by their sum, so a softmax whose floats sum to 0.9999999 is welcome. Returns nil unless
  /// there are six finite weights ≥ 0 of which one is positive: what a network must never give, and a caller must
  /// judge.
  package init?(probabilities: [Double]) {
    // Concrete, because every frame passes here; six loads and no generic collection.
    guard probabilities.count == Emotion.count else { return nil }
    var sum = 0.0
    for weight in probabilities {
      guard weight.isFinite, weight >= 0 else { return nil }
      sum += weight
    }
    guard sum > 0, sum.isFinite else { return nil }
    var parts = SIMD8<Int16>()
    var remainders = SIMD8<Double>(repeating: -1)
    var missing = Self.total
    for lane in 0..<Emotion.count {
      let exact = probabilities[lane] / sum * Double(Self.total)
      // Not negative, so this cuts downwards.
      let whole = Int(exact)
      parts[lane] = Int16(whole)
      remainders[lane] = exact - Double(whole)
      missing -= whole
    }
    // The floors lose less than one each, so fewer than six are missing. (Rounding of `exact` might give one too many.)
    while missing > 0 {
      var best = 0
      for lane in 1..<Emotion.count where remainders[lane] > remainders[best] { best = lane }
      parts[best] += 1
      remainders[best] = -1
      missing -= 1
    }
    guard missing == 0 else { return nil }
    self.parts = parts
  }

  /// The same for single precision, as networks compute it; the arithmetic is that of `Double`.
  package init?(probabilities: [Float]) {
    self.init(probabilities: probabilities.map(Double.init))
  }

  /// The probability of one emotion in ten-thousandths, 0…10,000.
  package subscript(emotion: Emotion) -> Int16 { parts[emotion.rawValue] }

  /// The six values in the order of `Emotion`.
  package var tenThousandths: [Int16] { Emotion.allCases.map { self[$0] } }

  /// The most probable emotion; of equals, the first.
  package var label: Emotion {
    var best = Emotion.focused
    for emotion in Emotion.allCases where self[emotion] > self[best] { best = emotion }
    return best
  }
}
