package import Tensors

/// A network that also tells what happened inside it, compiled for one sample at a time on a thread of its own.
///
/// It is another compilation of the same weights: nothing that is told is fused away, so its output may differ from
/// the recognising network's in the last digits.
package protocol TappedNetwork: Sendable {
  /// What it tells, by name; a node's name stands for the node's value.
  var names: [String] { get }

  /// `[1, C, H, W]` → the tensors of `names`. Never blocks the cooperative pool.
  func values(of input: Tensor<Float>) async throws -> [String: Tensor<Float>]
}

/// One stream of inspection: the networks that recognise, and those that tell.
package struct InspectionStream: Sendable {
  package let networks: RecognitionStream
  /// VGG16 with its stages; nil where nobody asks for them or the layout has no VGG16.
  package let featureTaps: (any TappedNetwork)?
  /// The classifying network with its stages or its thresholds; nil where nobody asks for them.
  package let classifierTaps: (any TappedNetwork)?

  package init(
    networks: RecognitionStream, featureTaps: (any TappedNetwork)? = nil, classifierTaps: (any TappedNetwork)? = nil
  ) {
    self.networks = networks
    self.featureTaps = featureTaps
    self.classifierTaps = classifierTaps
  }
}
