package import Recognition
package import Tensors

/// Weights that a bundle starts from instead of seeded ones, such as imported ones.
package struct StartingWeights: Sendable {
  /// VGG16's; empty where the layout reads no CNN features.
  package var features: Weights
  /// The classifying network's, every parameter.
  package var network: Weights
  /// The batch norms whose running statistics are measured on rendered faces, by prefix; all others are kept.
  package var measuredBatchNorms: Set<String>
  /// The bundle's name for people.
  package var name: String
  package var provenance: ModelProvenance?

  package init(
    features: Weights, network: Weights, measuredBatchNorms: Set<String>, name: String, provenance: ModelProvenance?
  ) {
    self.features = features
    self.network = network
    self.measuredBatchNorms = measuredBatchNorms
    self.name = name
    self.provenance = provenance
  }
}
