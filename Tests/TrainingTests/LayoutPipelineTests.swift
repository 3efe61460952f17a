import Foundation
import ImageIO
import LearningEvents
import Neural
import OneDNN
import OpenCV
import Recognition
import Synchronization
import Telemetry
import Testing
import Training
import Vision

/// Every layout with every attention, from the making of a bundle over its files to answers about frames, on narrow
/// networks for speed; `UntrainedPipelineTests` does one at full size.
@Suite(.serialized) struct LayoutPipelineTests {
  /// Frames of learners that no bundle was measured on, with the faces' true boxes; drawn once.
  private static let frames = Task { () -> [RecognitionRequest] in
    let renderer = SyntheticFaceRenderer()
    return try (0..<24).map { index in
      let picture = renderer.render(
        learner: UInt64(500 + index), frame: UInt64(index), scene: .face(Emotion.allCases[index % 6]))
      return RecognitionRequest(bytes: try JPEGEncoder(quality: 85).encode(picture.image), faceBox: picture.face)
    }
  }

  /// The same seed draws the same pictures for every bundle: each is searched for faces once.
  private static let detector = Task { RememberingDetector(try CascadeFaceDetector()) }

  private static func bundle(
    _ layout: ModelManifest.LayoutKind, _ attention: Attention, _ width: Width
  ) async throws -> ModelBundle {
    try await BundleMaker(
      detector: try await detector.value, describer: SiftDescriber(), compiler: StreamGroup(streams: 2)
    ).untrained(seed: 11, pictures: 36, layout: layout, attention: attention, width: width)
  }

  @Test(arguments: ModelManifest.LayoutKind.allCases, Attention.allCases)
  func everyLayoutAnswersWithEveryAttention(layout: ModelManifest.LayoutKind, attention: Attention) async throws {
    let bundle = try await Self.bundle(layout, attention, .quarter)
    #expect(bundle.manifest.layout == layout && bundle.manifest.network == attention.networkName)
    #expect(bundle.featureWeights.isEmpty == (layout == .image))
    try await Self.expectSpreadAnswers(of: bundle)
  }

  @Test func halfWidth() async throws {
    try await Self.expectSpreadAnswers(of: try await Self.bundle(.grid, .shrinkage, .half))
  }

  /// The baseline at full size costs the classifying network alone.
  @Test func theImageModelAtFullSize() async throws {
    try await Self.expectSpreadAnswers(of: try await Self.bundle(.image, .shrinkage, .full))
  }

  /// Stores, loads and runs a bundle: all faces are classified, and no label swallows them.
  private static func expectSpreadAnswers(of bundle: ModelBundle) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lectern-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let saved = try bundle.save(to: folder)
    let stored = try StoredBundle.load(from: folder)
    #expect(stored.id == saved.id)
    let registry = MetricsRegistry()
    let recognizer = try await Recognizer.real(stored.bundle, streams: 2, registry: registry)
    let requests = try await frames.value
    var counts = [Int](repeating: 0, count: Emotion.allCases.count)
    for outcome in try await recognizer.recognize(requests) {
      if case .sample(let measured) = outcome, let label = measured.distribution?.label { counts[label.rawValue] += 1 }
    }
    #expect(counts.reduce(0, +) == requests.count)
    #expect(counts.count { $0 > 0 } >= 4, "\(counts)")
    #expect(counts.max()! * 10 <= requests.count * 6, "\(counts)")
    // What the layout does not read is not computed.
    let text = registry.prometheusText()
    for stage in ["hog", "sift", "cnn"] {
      let count = "lectern_recognition_stage_seconds_count{stage=\"\(stage)\"} "
      let times = bundle.manifest.layout.isFused ? requests.count : 0
      #expect(text.contains("\(count)\(times)\n"), "\(stage)")
    }
  }
}

/// Looks for faces once a picture.
private final class RememberingDetector: FaceDetecting {
  private let detector: CascadeFaceDetector
  private let known = Mutex<[[UInt8]: FaceDetection]>([:])

  init(_ detector: CascadeFaceDetector) { self.detector = detector }

  func detect(in image: GrayImage) throws -> FaceDetection {
    if let found = known.withLock({ $0[image.pixels] }) { return found }
    let found = try detector.detect(in: image)
    known.withLock { $0[image.pixels] = found }
    return found
  }
}
