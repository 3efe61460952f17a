import LearningEvents
package import Tensors

/// Everything recognition computed from one picture, as far as it came.
package struct Inspection: Sendable {
  /// Exactly what `Recognizer` makes of the same bytes.
  package let outcome: RecognitionOutcome
  /// The face to classify; nil where there is no picture or no face.
  package let face: FoundFace?
  /// What was computed of a face that can be read; nil where there is none.
  package let answer: Answer?

  /// From the features of a face to its six probabilities.
  package struct Answer: Sendable {
    /// As they come from VGG16, HOG and SIFT. CNN is empty where the model's layout does not read it; the other two are
    /// always there.
    package let features: FrameFeatures
    /// F′: each family by the model's bounds in 0…1, as the layout is given it; nil where the layout reads no families.
    package let fused: FrameFeatures?
    /// The classifying network's input, `[1, C, H, W]`.
    package let input: Tensor<Float>
    /// In the order of `Emotion`.
    package let logits: [Float]
    /// Softmax of the logits with the model's temperature, not rounded, in the order of `Emotion`. Empty where a logit
    /// is not finite.
    package let probabilities: [Double]
    /// VGG16's input `[1, 3, 224, 224]` and stages by the node's name; empty unless the stream tells them.
    package let featureStages: [String: Tensor<Float>]
    /// The classifying network's stages and thresholds by name; empty unless the stream tells them.
    package let classifierStages: [String: Tensor<Float>]
    /// Present where it was asked for.
    package let explanation: Explanation?
  }
}
