import Foundation
package import LearningEvents

/// From logits to a distribution.
package enum Softmax {
  /// p_k = exp(z_k/T) / Σ exp(z_j/T), shifted by the largest logit so that nothing overflows.
  ///
  /// - Parameter temperature: above 0; 1 leaves the logits as they are, more flattens.
  package static func probabilities(_ logits: [Float], temperature: Double) -> [Double] {
    precondition(temperature > 0, "a temperature is above 0")
    guard let largest = logits.max() else { return [] }
    let powers = logits.map { exp((Double($0) - Double(largest)) / temperature) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  /// The distribution over the six emotions; nil unless there are six logits, all finite.
  package static func distribution(_ logits: [Float], temperature: Double) -> EmotionDistribution? {
    guard logits.count == Emotion.allCases.count, logits.allSatisfy(\.isFinite) else { return nil }
    return EmotionDistribution(probabilities: probabilities(logits, temperature: temperature))
  }
}
