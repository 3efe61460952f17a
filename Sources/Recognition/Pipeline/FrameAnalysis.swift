package import LearningEvents
import Vision

/// How far a frame came in recognition, with what was computed on the way.
package enum FrameAnalysis: Sendable {
  /// The picture cannot be judged. `detail` is safe to log and store.
  case rejected(RejectCode, detail: String)
  /// The picture shows no face.
  case noFace
  /// The face is too small, blurred or badly lit to be classified.
  case lowQuality(FoundFace)
  case classified(FoundFace, FrameFeatures, BundleClassifier.Answer)

  /// What a worker makes of it; nil for an answer in other labels than the six learning emotions.
  package var outcome: RecognitionOutcome? {
    switch self {
    case .rejected(let code, let detail): .rejected(code, detail: detail)
    case .noFace: .sample(.noFace)
    case .lowQuality(let face): .sample(.lowQuality(faceCount: face.count, quality: face.quality.score))
    case .classified(let face, _, let answer):
      answer.distribution.map { .sample(.classified($0, faceCount: face.count, quality: face.quality.score)) }
    }
  }
}
