import Foundation
package import LearningEvents
package import Neural

/// Turns the features of faces into a model's answers: bounds, layout, network, temperature and labels.
///
/// This is the only way from features to a distribution, and with `FeatureExtractor` from a face to one. Calls may
/// overlap.
package struct BundleClassifier: Sendable {
  /// What a model says of one face. All its numbers are finite.
  package struct Answer: Sendable, Hashable {
    /// The network's output, in the order of the model's labels.
    package let logits: [Float]
    /// Softmax of the logits at the model's temperature, in the order of the model's labels; sums to about 1.
    package let probabilities: [Double]
    /// The same as a worker stores it; nil where the model's labels are not the six learning emotions.
    package let distribution: EmotionDistribution?

    /// The place of the most probable label; of equals, the first.
    package var label: Int {
      if let distribution { return distribution.label.rawValue }
      return probabilities.max().flatMap(probabilities.firstIndex) ?? 0
    }

    /// The label's probabilities, 0…1: as a worker stores them, whole ten-thousandths that sum to 1, for the six
    /// learning emotions; not rounded for other labels.
    package var shares: [Double] { distribution?.tenThousandths.map { Double($0) / 10_000 } ?? probabilities }
  }

  package let fusion: FeatureFusion
  private let network: any NetworkRunning
  private let labelCount: Int
  private let isOfLearningEmotions: Bool
  private let temperature: Double
  private let metrics: RecognitionMetrics?

  /// - Parameters:
  ///   - model: what the network was compiled from.
  ///   - network: the layout's `[N, C, H, W]` → `[N, labels]`.
  ///   - metrics: what times the network; nil for none.
  package init(_ model: ModelManifest, network: any NetworkRunning, metrics: RecognitionMetrics? = nil) {
    fusion = FeatureFusion(model)
    self.network = network
    labelCount = model.labels.count
    isOfLearningEmotions = model.isOfLearningEmotions
    temperature = model.temperature
    self.metrics = metrics
  }

  /// The answers to some faces, in their order; the network runs them in batches of its size.
  ///
  /// - Parameter family: left out of what a layout of families is given, to see what an answer hangs on.
  /// - Returns: nil for a face for which the network gave a number that is not finite.
  /// - Throws: `RecognitionError.wrongShape`, what the network throws, or `CancellationError`.
  package func answers(
    to faces: [FrameFeatures], dropping family: FeatureFamily? = nil
  ) async throws -> [Answer?] {
    let logits = try await network.outputs(of: faces.count, timedBy: metrics?[.drsn]) { part in
      fusion.input(of: faces[part], dropping: family, places: network.batch)
    }
    return try logits.map { logits in
      guard logits.count == labelCount else {
        throw RecognitionError(.wrongShape, "the classifier returned \(logits.count) numbers for \(labelCount) labels")
      }
      return answer(logits)
    }
  }

  private func answer(_ logits: [Float]) -> Answer? {
    guard logits.allSatisfy(\.isFinite) else { return nil }
    let probabilities = Self.softmax(logits, temperature: temperature)
    guard isOfLearningEmotions else {
      return Answer(logits: logits, probabilities: probabilities, distribution: nil)
    }
    return EmotionDistribution(probabilities: probabilities).map {
      Answer(logits: logits, probabilities: probabilities, distribution: $0)
    }
  }

  /// p_k = exp(z_k/T) / Σ exp(z_j/T), shifted by the largest logit so that nothing overflows.
  private static func softmax(_ logits: [Float], temperature: Double) -> [Double] {
    guard let largest = logits.max() else { return [] }
    let powers = logits.map { exp((Double($0) - Double(largest)) / temperature) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }
}
