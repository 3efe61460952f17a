import LearningEvents
import Recognition
import Vision

/// What `lectern classify --json` prints of a picture: one object on one line. What there is not is left out.
struct ClassifyLine: Encodable {
  struct Face: Encodable {
    let x, y, width, height: Int
    /// Faces seen in the picture.
    let seen: Int
    let origin: String
  }

  struct Quality: Encodable {
    /// 0…1.
    let score: Double
    let sidePixels: Int
    let sharpness, brightness, clippedShare: Float
  }

  struct Drop: Encodable {
    let family: String
    /// Of the answer's label, without the family.
    let probability: Double
    let change: Double
    let label: String
    let probabilities: [String: Double]
  }

  struct Threshold: Encodable {
    let stage: String
    let mean: Double
    let count: Int
  }

  struct Explained: Encodable {
    let carrier: String?
    let without: [Drop]
    let thresholds: [Threshold]
  }

  let file: String
  let status: InspectedPicture.Status
  let problem: String?
  let sha256: String?
  let label: String?
  /// By label, 0…1; of the six learning emotions as a worker stores them: whole ten-thousandths that sum to 1.
  let probabilities: [String: Double]?
  let face: Face?
  let quality: Quality?
  let explanation: Explained?
  let overlay: String?
  let model: ModelID
  let trained: Bool
  let notice: String?

  init(_ picture: InspectedPicture, overlay: String?, of inspector: Inspector) {
    (file, status, problem, sha256) = (picture.path, picture.status, picture.problem, picture.sha256)
    let labels = inspector.model.labels
    func named(_ shares: [Double]) -> [String: Double] { Dictionary(uniqueKeysWithValues: zip(labels, shares)) }
    label = (picture.said?.label).map { labels[$0] }
    probabilities = picture.said.map { named($0.shares) }
    face = picture.inspection?.face.map {
      Face(
        x: $0.box.x, y: $0.box.y, width: $0.box.width, height: $0.box.height, seen: $0.count,
        origin: $0.origin.rawValue)
    }
    quality = (picture.inspection?.face?.quality).map {
      Quality(
        score: Double($0.score) / 10_000, sidePixels: $0.sidePixels, sharpness: $0.sharpness, brightness: $0.brightness,
        clippedShare: $0.clippedShare)
    }
    explanation = (picture.inspection?.answer?.explanation).map { explanation in
      Explained(
        carrier: explanation.carrier?.rawValue,
        without: explanation.drops.map {
          Drop(
            family: $0.family.rawValue, probability: $0.probabilities[explanation.label], change: $0.change,
            label: labels[$0.label], probabilities: named($0.probabilities))
        },
        thresholds: explanation.thresholds.map { Threshold(stage: $0.stage, mean: $0.mean, count: $0.count) })
    }
    self.overlay = overlay
    model = inspector.modelID
    trained = inspector.model.trained
    notice = trained ? nil : InspectionOptions.notice
  }
}
