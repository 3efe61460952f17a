import ImageIO
import LearningEvents
import Neural
import OneDNN
import OpenCV
import Recognition
import Telemetry
import Tensors
import Testing
import Training
import Vision

/// Inspection beside recognition with real networks, decoders and detectors, as the program wires them.
@Suite struct InspectorPipelineTests {
  private static func manifest(_ layout: ModelManifest.LayoutKind) -> ModelManifest {
    let bounds = FamilyBounds(
      cnn: FeatureBounds(minimum: 0, maximum: 3), hog: FeatureBounds(minimum: 0, maximum: 1),
      sift: FeatureBounds(minimum: 0, maximum: 255))
    let planes: [PlanesLayout.Statistics] = [0.1, 0.3, 0.1].map { .init(mean: $0, deviation: 0.25) }
    return ModelManifest(
      name: "seeded", trained: false, layout: layout, width: .quarter, bounds: layout.isFused ? bounds : nil,
      planes: layout == .planes ? planes : nil, temperature: 40)
  }

  @Test(arguments: ModelManifest.LayoutKind.allCases)
  func theAnswerIsTheWorkersAndTheStagesLeadToIt(layout: ModelManifest.LayoutKind) async throws {
    let model = Self.manifest(layout)
    let classifier = try #require(model.makeNetwork())
    let bundle = ModelBundle(
      manifest: model, featureWeights: model.makeFeatureNetwork().map { .seeded(for: $0, seed: 3) } ?? [:],
      networkWeights: .seeded(for: classifier, seed: 3))
    let table = try FeatureTable(model: model, stages: true)
    let networks = try await bundle.networks(
      on: StreamGroup(streams: 1), featureTaps: table.featureTaps, classifierTaps: table.classifierTaps)
    let recognizer = Recognizer(
      model: model, id: "seeded", networks: networks, decoder: PictureDecoder(), detector: try CascadeFaceDetector(),
      describer: SiftDescriber(), registry: MetricsRegistry(), logger: .silent)
    let inspector = Inspector(
      model: model, id: "seeded", networks: networks, decoder: PictureDecoder(), detector: try CascadeFaceDetector(),
      describer: SiftDescriber())

    var classified = 0
    for request in try Self.requests() {
      let expected = try await recognizer.recognize([request])[0]
      let inspection = try await inspector.inspect(request, .init(explains: true, tellsStages: true))
      #expect(inspection.outcome == expected)
      guard let answer = inspection.answer else { continue }
      classified += 1
      let last = try #require(answer.classifierStages["fc"])
      #expect(Self.deviation(last.elements, answer.said.logits) < 1e-4)
      if layout.isFused {
        let pool = try #require(answer.featureStages["features.30"])
        #expect(Self.deviation(pool.elements, answer.features.cnn) < 1e-5)
      }
      #expect(answer.explanation?.drops.count == (layout.isFused ? 3 : 0))
      #expect(answer.explanation?.thresholds.count == (layout == .grid ? 2 : 4))
      #expect(answer.explanation?.thresholds.allSatisfy { $0.mean > 0 } == true)
    }
    #expect(classified >= 3)
  }

  /// Drawn faces with and without the producer's box, a room without anybody, half a picture.
  private static func requests() throws -> [RecognitionRequest] {
    let renderer = SyntheticFaceRenderer()
    var requests: [RecognitionRequest] = []
    for (index, emotion) in [Emotion.happy, .tired].enumerated() {
      let picture = renderer.render(learner: UInt64(index), frame: 1, scene: .face(emotion))
      let bytes = try JPEGEncoder(quality: 85).encode(picture.image)
      requests += [RecognitionRequest(bytes: bytes), RecognitionRequest(bytes: bytes, faceBox: picture.face)]
    }
    requests.append(RecognitionRequest(bytes: Array(requests[0].bytes.prefix(requests[0].bytes.count / 2))))
    let room = renderer.render(learner: 1, frame: 2, scene: .noFace)
    requests.append(RecognitionRequest(bytes: try JPEGEncoder(quality: 85).encode(room.image)))
    return requests
  }

  private static func deviation(_ left: [Float], _ right: [Float]) -> Float {
    guard left.count == right.count else { return .infinity }
    let largest = right.reduce(0) { max($0, abs($1)) }
    return zip(left, right).reduce(0) { max($0, abs($1.0 - $1.1)) } / max(largest, .leastNonzeroMagnitude)
  }
}
