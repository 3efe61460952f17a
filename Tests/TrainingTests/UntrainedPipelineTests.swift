import ImageIO
import LearningEvents
import Neural
import OneDNN
import OpenCV
import Recognition
import Synchronization
import Testing
import Training
import Vision

/// The whole recognition at full size on rendered frames, with the untrained bundle made as the demo makes it.
@Suite(.serialized) struct UntrainedPipelineTests {
  /// Made once for all tests of this file: it takes seconds.
  private static let shared = Task {
    let stages = Stages()
    let bundle = try await BundleMaker(
      detector: try CascadeFaceDetector(), describer: SiftDescriber(), compiler: StreamGroup(streams: 2)
    ).untrained(seed: 2024) { stages.note($0) }
    return (bundle: bundle, recognizer: try await Recognizer.real(bundle, streams: 2), stages: stages)
  }

  private final class Stages: Sendable {
    let seen = Mutex<[String: Int]>([:])
    func note(_ progress: BundleMaker.Progress) {
      seen.withLock { $0[progress.stage] = max($0[progress.stage] ?? 0, progress.completed) }
    }
  }

  private static func jpeg(_ picture: SyntheticPicture) throws -> [UInt8] {
    try JPEGEncoder(quality: 85).encode(picture.image)
  }

  @Test func theBundleSaysWhatItIs() async throws {
    let (bundle, _, stages) = try await Self.shared.value
    #expect(bundle.manifest.trained == false)
    #expect(bundle.manifest.name.contains("untrained"))
    #expect(bundle.manifest.evaluation == nil)
    #expect(bundle.manifest.bounds?.hog == FeatureBounds(minimum: 0, maximum: 1))
    #expect(stages.seen.withLock { $0["Rendering faces"] } == 24)
    #expect(stages.seen.withLock { $0["Measuring the network"] } == 1)
  }

  /// Without measuring, one label swallowed all faces for most seeds.
  @Test func labelsSpreadOverDemoFrames() async throws {
    let recognizer = try await Self.shared.value.recognizer
    let renderer = SyntheticFaceRenderer()
    let requests = try (0..<48).map { index in
      let emotion = Emotion.allCases[index % 6]
      let picture = renderer.render(learner: UInt64(index / 3), frame: UInt64(index), scene: .face(emotion))
      return RecognitionRequest(bytes: try Self.jpeg(picture))
    }
    var counts = [Int](repeating: 0, count: 6)
    for outcome in try await recognizer.recognize(requests) {
      if case .sample(let measured) = outcome, let label = measured.distribution?.label { counts[label.rawValue] += 1 }
    }
    let classified = counts.reduce(0, +)
    #expect(classified >= 43, "\(classified) of 48 frames were classified")
    #expect(counts.count { $0 > 0 } >= 4, "\(counts)")
    #expect(counts.max()! * 10 <= classified * 6, "\(counts)")
  }

  @Test func brokenFramesStayAmongThemselves() async throws {
    let recognizer = try await Self.shared.value.recognizer
    let renderer = SyntheticFaceRenderer()
    let good = try Self.jpeg(renderer.render(learner: 7, frame: 1, scene: .face(.focused)))
    let png = try PNGEncoder().encode(renderer.render(learner: 7, frame: 1, scene: .face(.focused)).image)
    let truncated = Array(good.prefix(good.count / 3))
    let requests: [[UInt8]] = [
      good, [], truncated, good, Array("not an image".utf8), Self.bomb,
      try Self.jpeg(renderer.render(learner: 7, frame: 2, scene: .noFace)),
      try JPEGEncoder().encode(GrayImage(width: 640, height: 480, repeating: 0)), png, good,
    ]
    let outcomes = try await recognizer.recognize(requests.map { RecognitionRequest(bytes: $0) })
    for index in [0, 3, 8, 9] {
      guard case .sample(let measured) = outcomes[index], measured.status == .classified else {
        Issue.record("frame \(index) became \(outcomes[index])")
        continue
      }
    }
    // The same picture gives the same answer whichever stream it ran on and whoever its neighbours were.
    #expect(outcomes[0] == outcomes[3] && outcomes[0] == outcomes[9])
    for index in [1, 2, 4] {
      guard case .rejected(.badImage, _) = outcomes[index] else {
        Issue.record("frame \(index) became \(outcomes[index])")
        continue
      }
    }
    guard case .rejected(.tooLarge, _) = outcomes[5] else {
      Issue.record("the bomb became \(outcomes[5])")
      return
    }
    for index in [6, 7] {
      #expect(outcomes[index] == .sample(.noFace))
    }
  }

  @Test func aDarkFaceIsNotJudged() async throws {
    let recognizer = try await Self.shared.value.recognizer
    let picture = SyntheticFaceRenderer().render(learner: 7, frame: 1, scene: .dark(.happy))
    // The producer's face box, since the detector sees nothing in the dark.
    let outcomes = try await recognizer.recognize([
      RecognitionRequest(bytes: try Self.jpeg(picture), faceBox: picture.face)
    ])
    guard case .sample(let measured) = outcomes[0], measured.status == .lowQuality, measured.faceCount == 1 else {
      Issue.record("the dark face became \(outcomes[0])")
      return
    }
  }

  /// A PNG of a few bytes that declares 30,000 × 30,000 pixels; its checksums are right.
  private static let bomb: [UInt8] = [
    0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x75,
    0x30, 0x00, 0x00, 0x75, 0x30, 0x08, 0x00, 0x00, 0x00, 0x00, 0x43, 0x4C, 0xA7, 0x66, 0x00, 0x00, 0x00, 0x0C, 0x49,
    0x44, 0x41, 0x54, 0x78, 0x9C, 0x63, 0x60, 0xA0, 0x3D, 0x00, 0x00, 0x00, 0x64, 0x00, 0x01, 0x86, 0x64, 0x3C, 0x35,
    0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82,
  ]
}
