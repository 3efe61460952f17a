package import LearningEvents
import Telemetry
package import Vision

/// The part of recognition before the networks: decode, face, crop, quality, HOG, SIFT.
///
/// Blocks for tens of milliseconds, so it runs on a stream's own thread. Holds no state besides what it is given: may
/// be shared between threads as far as its parts may, which their protocols promise.
package struct FacePreparation: Sendable {
  /// A face ready for the networks.
  package struct Face: Sendable {
    package let found: FoundFace
    /// `[36, 7, 7]`; empty where the layout does not read it.
    package let hog: [Float]
    /// `[128, 7, 7]`; empty where the layout does not read it.
    package let sift: [Float]

    package var box: PixelRect { found.box }
    package var count: Int { found.count }
    package var origin: FoundFace.Origin { found.origin }
    package var quality: FaceQuality { found.quality }
    /// 224×224.
    package var crop: GrayImage { found.crops.vgg }
  }

  /// What became of a frame before the networks.
  package enum Result: Sendable {
    /// No face, or no picture.
    case outcome(RecognitionOutcome)
    /// A face too small, blurred or badly lit to be classified.
    case unusable(FoundFace)
    case face(Face)
  }

  private let decoder: any ImageDecoding
  private let detector: any FaceDetecting
  private let describer: any KeypointDescribing
  private let histogram: HistogramOfGradients
  private let families: Set<FeatureFamily>
  private let metrics: RecognitionMetrics

  /// - Parameter families: which features to compute, of those that need no network.
  package init(
    decoder: any ImageDecoding, detector: any FaceDetecting, describer: any KeypointDescribing,
    normalization: HistogramOfGradients.Normalization, families: Set<FeatureFamily> = Set(FeatureFamily.allCases),
    metrics: RecognitionMetrics
  ) {
    self.decoder = decoder
    self.detector = detector
    self.describer = describer
    histogram = HistogramOfGradients(normalization: normalization)
    self.families = families
    self.metrics = metrics
  }

  /// Prepares one frame; whatever is wrong with it is its own outcome.
  package func prepare(_ request: RecognitionRequest) -> Result {
    do {
      return try prepare(try decode(request.bytes), hint: request.faceBox)
    } catch let error as ImageError {
      return .outcome(
        error.code == .tooLarge ? .tooLarge(detail: error.detail) : .badImage(detail: error.detail))
    } catch {
      // A library that throws on one decoded picture would throw on it again: the frame is at fault, not the worker.
      metrics.failures.increment()
      return .outcome(.badImage(detail: "the picture could not be analysed"))
    }
  }

  /// The same from a decoded picture.
  package func prepare(_ image: GrayImage, hint: FaceBox?) throws -> Result {
    guard let found = try find(in: image, hint: hint) else {
      return .outcome(.sample(status: .noFace, faceCount: 0, distribution: nil, quality: 0))
    }
    return found.quality.isUsable ? .face(try described(found)) : .unusable(found)
  }

  /// The face to classify: the box that came with the frame if it is sane, else the largest that is found.
  package func find(in image: GrayImage, hint: FaceBox?) throws -> FoundFace? {
    if let hint, let box = Self.sane(hint, in: image) {
      return FoundFace(box, among: [box], count: 1, origin: .hint, in: image)
    }
    let detection = try metrics.face.timed { try detector.detect(in: image) }
    guard let box = detection.faces.first else { return nil }
    return FoundFace(
      box, among: detection.faces, count: detection.faces.count,
      origin: detection.view == .frontal ? .frontal : .profile, in: image)
  }

  /// The face's hand-crafted features, whatever its quality.
  package func described(_ found: FoundFace) throws -> Face {
    let crops = found.crops
    let hog = families.contains(.hog) ? metrics.hog.timed { histogram.grid(of: crops.hog) } : []
    let sift =
      !families.contains(.sift)
      ? []
      : try metrics.sift.timed {
        KeypointGrid(try describer.describe(crops.sift), width: crops.sift.width, height: crops.sift.height).values
      }
    return Face(found: found, hog: hog, sift: sift)
  }

  private func decode(_ bytes: [UInt8]) throws(ImageError) -> GrayImage {
    try metrics.decode.timed { () throws(ImageError) in try decoder.decodeGray(bytes) }
  }

  /// Smallest side of a face box that is worth believing, in pixels.
  static let smallestHint = 24

  /// The part of a producer's face box inside the picture, if the box is plausible: at least 24 pixels a side, no side
  /// over twice the other, at least three quarters of it inside. Else nil, and the detector looks.
  static func sane(_ hint: FaceBox, in image: GrayImage) -> PixelRect? {
    let limit = FaceBox.limit
    guard abs(hint.x) <= limit, abs(hint.y) <= limit, hint.width <= limit, hint.height <= limit,
      hint.width >= smallestHint, hint.height >= smallestHint, hint.width <= 2 * hint.height,
      hint.height <= 2 * hint.width
    else { return nil }
    let left = max(0, hint.x)
    let top = max(0, hint.y)
    let right = min(image.width, hint.x + hint.width)
    let bottom = min(image.height, hint.y + hint.height)
    guard right - left >= smallestHint, bottom - top >= smallestHint,
      4 * (right - left) * (bottom - top) >= 3 * hint.width * hint.height
    else { return nil }
    return PixelRect(x: left, y: top, width: right - left, height: bottom - top)
  }
}
