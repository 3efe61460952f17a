package import Tensors

/// Everything recognition computed from one picture, as far as it came.
package struct Inspection: Sendable {
  package let analysis: FrameAnalysis
  /// What was told of a face with an answer; nil where there is none.
  package let answer: Answer?

  /// Exactly what `Recognizer` makes of the same bytes; nil for an answer in other labels than the six learning
  /// emotions.
  package var outcome: RecognitionOutcome? { analysis.outcome }

  /// The face to classify; nil where there is no picture or no face.
  package var face: FoundFace? {
    switch analysis {
    case .rejected, .noFace: nil
    case .lowQuality(let face), .classified(let face, _, _): face
    }
  }

  /// From the features of a face to its probabilities.
  package struct Answer: Sendable {
    /// As they come from VGG16, HOG and SIFT. CNN is empty where the model's layout does not read it; the other two are
    /// always there.
    package let features: FrameFeatures
    /// F′: each family by the model's bounds in 0…1, as the layout is given it; nil where the layout reads no families.
    package let fused: FrameFeatures?
    /// The classifying network's input, `[1, C, H, W]`.
    package let input: Tensor<Float>
    /// What the model says.
    package let said: BundleClassifier.Answer
    /// VGG16's input `[1, 3, 224, 224]` and stages by the node's name; empty unless the stream tells them.
    package let featureStages: [String: Tensor<Float>]
    /// The classifying network's stages and thresholds by name; empty unless the stream tells them.
    package let classifierStages: [String: Tensor<Float>]
    /// Present where it was asked for.
    package let explanation: Explanation?
  }
}
