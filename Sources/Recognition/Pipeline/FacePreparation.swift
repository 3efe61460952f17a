package import LearningEvents
import Services
package import Telemetry
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
  private let tracks: FaceTracks
  private let metrics: RecognitionMetrics
  private let logger: Logger

  /// - Parameters:
  ///   - families: which features to compute, of those that need no network.
  ///   - reuse: how long a face is looked for where its session's last frame had it.
  package init(
    decoder: any ImageDecoding, detector: any FaceDetecting, describer: any KeypointDescribing,
    normalization: HistogramOfGradients.Normalization, families: Set<FeatureFamily> = Set(FeatureFamily.allCases),
    reuse: FaceReuse = FaceReuse(), metrics: RecognitionMetrics, logger: Logger = .silent
  ) {
    self.decoder = decoder
    self.detector = detector
    self.describer = describer
    histogram = HistogramOfGradients(normalization: normalization)
    self.families = families
    tracks = FaceTracks(reuse)
    self.metrics = metrics
    self.logger = logger
  }

  /// Prepares one frame on a thread of its own.
  func prepare(_ request: RecognitionRequest, on thread: ThreadExecutor) async throws(RecognitionError) -> Result {
    try await thread.run { () throws(RecognitionError) in try prepare(request) }
  }

  /// The same; nil where nothing decodes now.
  func prepareUnlessWithoutDecoder(
    _ request: RecognitionRequest, on thread: ThreadExecutor
  ) async throws(RecognitionError) -> Result? {
    try await thread.run { () throws(RecognitionError) in
      do throws(RecognitionError) {
        return try prepare(request)
      } catch {
        if error.code == .noDecoder { return nil }
        throw error
      }
    }
  }

  /// Prepares one frame; whatever is wrong with it is its own outcome.
  ///
  /// - Throws: `unavailable` where the process lacked what any frame needs, `noDecoder` where nothing decodes now; nothing
  ///   is known about this one then.
  package func prepare(_ request: RecognitionRequest) throws(RecognitionError) -> Result {
    do {
      return try prepare(try decode(request.bytes), hint: request.faceBox, track: request.track)
    } catch let error as ImageError {
      switch error.code {
      case .unavailable: throw RecognitionError(.unavailable, error.detail)
      case .noDecoder: throw RecognitionError(.noDecoder, error.detail)
      case .tooLarge: return .outcome(.rejected(.tooLarge, detail: error.detail))
      case .decoderFailed: return .outcome(.rejected(.decoderCrash, detail: error.detail))
      case .notAnImage, .corrupt, .unsupported: return .outcome(.rejected(.badImage, detail: error.detail))
      }
    } catch let error as any VisionFailure where error.isOfProcess {
      throw RecognitionError(.unavailable, error.description)
    } catch {
      // Most likely the library would throw on this picture again, and trying for ever would hold up every frame behind
      // it. Nobody can be sure, so the reject is logged; `lectern rejects retry` judges it again.
      metrics.failures.increment()
      let reason = (error as? any VisionFailure)?.description ?? "\(type(of: error))"
      logger.error("A decoded picture could not be analysed and is rejected", metadata: ["error": .string(reason)])
      return .outcome(.rejected(.badImage, detail: "the picture could not be analysed"))
    }
  }

  /// The same from a decoded picture.
  package func prepare(_ image: GrayImage, hint: FaceBox?, track: FrameTrack? = nil) throws -> Result {
    guard let found = try find(in: image, hint: hint, track: track) else {
      return .outcome(.sample(.noFace))
    }
    return found.quality.isUsable ? .face(try described(found)) : .unusable(found)
  }

  /// The face to classify: the box that came with the frame if it is sane; else the session's face, if it is found again
  /// where the last frame had it; else the largest in the whole picture.
  package func find(in image: GrayImage, hint: FaceBox?, track: FrameTrack? = nil) throws -> FoundFace? {
    if let hint, let box = Self.sane(hint, in: image) {
      metrics.faces.count(.hint)
      return FoundFace(box, among: [box], count: 1, origin: .hint, in: image)
    }
    let found = try metrics.face.timed { try search(image, track) }
    metrics.faces.count(found?.origin)
    return found.map { FoundFace($0.boxes[0], among: $0.boxes, count: $0.count, origin: $0.origin, in: image) }
  }

  private typealias Found = (boxes: [PixelRect], count: Int, origin: FoundFace.Origin)

  private func search(_ image: GrayImage, _ frame: FrameTrack?) throws -> Found? {
    if let frame, let last = tracks.start(for: frame, in: image) {
      metrics.looks.local.increment()
      if let box = try detector.follow(last.box, seenFrom: last.view, in: image) {
        tracks.remember(last, at: box, for: frame)
        return ([box], last.count, .reused)
      }
    }
    let detection = try detector.detect(in: image)
    metrics.looks.whole.increment()
    if detection.looks > 1 { metrics.looks.further.increment() }
    if let frame { tracks.remember(FaceTrack(detection, in: image, at: frame.capturedAt), for: frame) }
    guard !detection.faces.isEmpty else { return nil }
    return (detection.faces, detection.faces.count, detection.view == .frontal ? .frontal : .profile)
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
    guard (-limit...limit).contains(hint.x), (-limit...limit).contains(hint.y), hint.width <= limit,
      hint.height <= limit,
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
