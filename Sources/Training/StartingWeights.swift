import Neural
package import Recognition
package import Tensors

/// Weights that a bundle is made of, and what is left to measure about them.
package struct StartingWeights: Sendable {
  /// VGG16's; empty where the layout reads no CNN features.
  package var features: Weights
  /// The classifying network's, every parameter.
  package var network: Weights
  /// The batch norms whose running statistics are measured on rendered faces, by prefix; all others are kept.
  package var measuredBatchNorms: Set<String>
  /// The deviation that each logit is given over the rendered faces, by changing the last layer; nil keeps the layer as
  /// it is, since training starts from it.
  package var logitDeviation: Double?

  /// He's initialisation under a seed, with every batch norm measured and the labels spread: a deviation of 1.5 gives
  /// labels probabilities that look neither certain nor equal.
  ///
  /// Traps for a model that this program cannot build, which no manifest from a file is.
  package static func seeded(for model: ModelManifest, seed: UInt64) -> StartingWeights {
    guard let network = model.makeNetwork() else { preconditionFailure("no network \(model.network)") }
    return StartingWeights(
      features: model.makeFeatureNetwork().map { .seeded(for: $0, seed: seed) } ?? [:],
      network: .seeded(for: network, seed: seed), measuredBatchNorms: Set(network.batchNorms), logitDeviation: 1.5)
  }
}
