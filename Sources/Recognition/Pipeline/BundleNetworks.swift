package import Neural
import Tensors

/// Both networks of a bundle on one stream, and those that tell what happens inside them.
package struct BundleNetworks: Sendable {
  /// VGG16 up to pool5, `[N, 3, 224, 224]` → `[N, C, 7, 7]`; nil where the model's layout reads no CNN features, since
  /// it is nearly all of a frame's time.
  package let features: (any NetworkRunning)?
  /// The layout's `[N, C, H, W]` → `[N, labels]`.
  package let classifier: any NetworkRunning
  /// VGG16 with its stages; nil where nobody asks for them or the layout has no VGG16.
  package let tappedFeatures: (any NetworkRunning)?
  /// The classifying network with its stages or its thresholds; nil where nobody asks for them.
  package let tappedClassifier: (any NetworkRunning)?

  package init(
    features: (any NetworkRunning)?, classifier: any NetworkRunning, tappedFeatures: (any NetworkRunning)? = nil,
    tappedClassifier: (any NetworkRunning)? = nil
  ) {
    self.features = features
    self.classifier = classifier
    self.tappedFeatures = tappedFeatures
    self.tappedClassifier = tappedClassifier
  }
}

extension ModelBundle {
  /// Its networks, compiled for one sample at a time on every stream; what is told is compiled apart, so that the
  /// answers stay those of a network without taps.
  ///
  /// - Parameters:
  ///   - featureTaps: names of VGG16's nodes to tell; ignored where the layout has no VGG16.
  ///   - classifierTaps: names of the classifying network's nodes, thresholds and gates to tell.
  package func networks(
    on compiler: any NetworkCompiling, featureTaps: [String] = [], classifierTaps: [String] = []
  ) async throws -> [BundleNetworks] {
    func compiled(
      _ network: Network?, _ weights: Weights, taps: [String] = [], if isWanted: Bool = true
    ) async throws -> [any NetworkRunning]? {
      guard isWanted, let network else { return nil }
      return try await compiler.compile(network, weights: weights, batch: 1, precision: .fp32, taps: taps)
    }
    let (vgg, net) = (manifest.makeFeatureNetwork(), manifest.makeNetwork())
    guard let classifiers = try await compiled(net, networkWeights) else {
      preconditionFailure("no network \(manifest.network)")
    }
    let features = try await compiled(vgg, featureWeights)
    let tappedFeatures = try await compiled(vgg, featureWeights, taps: featureTaps, if: !featureTaps.isEmpty)
    let tapped = try await compiled(net, networkWeights, taps: classifierTaps, if: !classifierTaps.isEmpty)
    return classifiers.indices.map {
      BundleNetworks(
        features: features?[$0], classifier: classifiers[$0], tappedFeatures: tappedFeatures?[$0],
        tappedClassifier: tapped?[$0])
    }
  }
}
