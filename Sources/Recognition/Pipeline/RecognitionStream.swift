package import Tensors

/// VGG16 up to pool5, compiled for one sample at a time on a thread of its own.
package protocol FeatureNetwork: Sendable {
  /// `[1, 3, 224, 224]` → `[1, C, 7, 7]`. Never blocks the cooperative pool.
  func features(of input: Tensor<Float>) async throws -> Tensor<Float>
}

/// The classifying network, compiled for one sample at a time on a thread of its own.
package protocol ClassifierNetwork: Sendable {
  /// The layout's `[1, C, H, W]` → `[1, 6]`, in the order of `Emotion`. Never blocks the cooperative pool.
  func logits(of input: Tensor<Float>) async throws -> Tensor<Float>
}

/// One stream of recognition: both networks, usually on one thread, so that as many frames are in work as there are
/// streams and no more threads compute than were asked for.
package struct RecognitionStream: Sendable {
  /// nil where the model's layout reads no CNN features: VGG16 is nearly all of a frame's time.
  package let features: (any FeatureNetwork)?
  package let classifier: any ClassifierNetwork

  package init(features: (any FeatureNetwork)?, classifier: any ClassifierNetwork) {
    self.features = features
    self.classifier = classifier
  }
}
