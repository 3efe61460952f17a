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
    package let box: PixelRect
    /// Faces seen; 1 where the frame came with a face box.
    package let count: Int
    package let crop: GrayImage
    package let quality: Int16
    /// `[36, 7, 7]`.
    package let hog: [Float]
    /// `[128, 7, 7]`.
    package let sift: [Float]
  }

  /// Either what is known without the networks, or a face for them.
  package enum Result: Sendable {
    case outcome(RecognitionOutcome)
    case face(Face)
  }

  private let decoder: any ImageDecoding
  private let detector: any FaceDetecting
  private let describer: any KeypointDescribing
  private let histogram: HistogramOfGradients
  private let metrics: RecognitionMetrics

  package init(
    decoder: any ImageDecoding, detector: any FaceDetecting, describer: any KeypointDescribing,
    normalization: HistogramOfGradients.Normalization, metrics: RecognitionMetrics
  ) {
    self.decoder = decoder
    self.detector = detector
    self.describer = describer
    histogram = HistogramOfGradients(normalization: normalization)
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
    let (box, count) = try metrics.face.timed { try face(in: image, hint: hint) }
    guard let box else {
      return .outcome(.sample(status: .noFace, faceCount: 0, distribution: nil, quality: 0))
    }
    let crops = FaceCrops(of: box, in: image)
    let quality = FaceQuality(face: box, crops: crops)
    guard quality.isUsable else {
      return .outcome(.sample(status: .lowQuality, faceCount: count, distribution: nil, quality: quality.score))
    }
    let hog = metrics.hog.timed { histogram.grid(of: crops.hog) }
    let sift = try metrics.sift.timed {
      KeypointGrid(try describer.describe(crops.sift), width: crops.sift.width, height: crops.sift.height).values
    }
    return .face(Face(box: box, count: count, crop: crops.vgg, quality: quality.score, hog: hog, sift: sift))
  }

  private func decode(_ bytes: [UInt8]) throws(ImageError) -> GrayImage {
    try metrics.decode.timed { () throws(ImageError) in try decoder.decodeGray(bytes) }
  }

  private func face(in image: GrayImage, hint: FaceBox?) throws -> (box: PixelRect?, count: Int) {
    if let hint, let box = Self.sane(hint, in: image) { return (box, 1) }
    let faces = try detector.faces(in: image)
    return (faces.first, faces.count)
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
