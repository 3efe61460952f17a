package import Tensors

/// A model: what `model.json` says and the weights of both networks.
package struct ModelBundle: Sendable {
  package var manifest: ModelManifest
  /// VGG16's, by torchvision name (`features.0.weight` …).
  package var featureWeights: Weights
  /// The classifying network's, by torchvision name (`conv1.weight` …).
  package var networkWeights: Weights

  package init(manifest: ModelManifest, featureWeights: Weights, networkWeights: Weights) {
    self.manifest = manifest
    self.featureWeights = featureWeights
    self.networkWeights = networkWeights
  }
}
