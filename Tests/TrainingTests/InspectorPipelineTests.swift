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
  /// A network with taps on a stream.
  private struct Taps: TappedNetwork {
    let stream: ComputeStream
    let network: CompiledNetwork
    let names: [String]

    func values(of input: Tensor<Float>) async throws -> [String: Tensor<Float>] {
      try await stream.run(network, tapping: input).taps
    }
  }

  /// One network on a stream, for either role.
  private struct Plain: FeatureNetwork, ClassifierNetwork {
    let stream: ComputeStream
    let network: CompiledNetwork

    func features(of input: Tensor<Float>) async throws -> Tensor<Float> { try await stream.run(network, input) }
    func logits(of input: Tensor<Float>) async throws -> Tensor<Float> { try await stream.run(network, input) }
  }

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
    let prepared = try PreparedNetwork(classifier, weights: .seeded(for: classifier, seed: 3))
    let extractor = try model.makeFeatureNetwork().map {
      try PreparedNetwork($0, weights: .seeded(for: $0, seed: 3))
    }
    let stream = ComputeStream(name: "inspect-test")
    var features: Plain?
    var featureTaps: Taps?
    let table = try FeatureTable(model: model, stages: true)
    if let extractor {
      features = Plain(stream: stream, network: try await stream.compile(extractor, batch: 1))
      featureTaps = Taps(
        stream: stream, network: try await stream.compile(extractor, batch: 1, taps: table.featureTaps),
        names: table.featureTaps)
    }
    let networks = RecognitionStream(
      features: features, classifier: Plain(stream: stream, network: try await stream.compile(prepared, batch: 1)))
    let taps = Taps(
      stream: stream, network: try await stream.compile(prepared, batch: 1, taps: table.classifierTaps),
      names: table.classifierTaps)
    let recognizer = Recognizer(
      model: model, id: "seeded", streams: [networks], decoder: PictureDecoder(), detector: try CascadeFaceDetector(),
      describer: SiftDescriber(), registry: MetricsRegistry(), logger: .silent)
    let inspector = Inspector(
      model: model, id: "seeded",
      streams: [InspectionStream(networks: networks, featureTaps: featureTaps, classifierTaps: taps)],
      decoder: PictureDecoder(), detector: try CascadeFaceDetector(), describer: SiftDescriber(),
      registry: MetricsRegistry())

    var classified = 0
    for request in try Self.requests() {
      let expected = try await recognizer.recognize([request])[0]
      let inspection = try await inspector.inspect(request, .init(explains: true, tellsStages: true))
      #expect(inspection.outcome == expected)
      guard let answer = inspection.answer else { continue }
      classified += 1
      let last = try #require(answer.classifierStages["fc"])
      #expect(Self.deviation(last.elements, answer.logits) < 1e-4)
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
