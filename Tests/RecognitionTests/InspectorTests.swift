import LearningEvents
import Neural
import Recognition
import Synchronization
import Tensors
import Testing
import Vision

@Suite("Inspection")
struct InspectorTests {
  private static let boxes: [FaceBox?] = [
    nil, FaceBox(x: 30, y: 20, width: 90, height: 100), FaceBox(x: -8, y: 5, width: 100, height: 100),
    FaceBox(x: 500, y: 20, width: 90, height: 100), FaceBox(x: 30, y: 20, width: 3, height: 3),
    FaceBox(x: .min, y: .max, width: .max, height: .max),
  ]

  @Test("gives the worker's outcome for the same bytes and box", arguments: ModelManifest.LayoutKind.allCases)
  func sameAsRecognizer(layout: ModelManifest.LayoutKind) async throws {
    let bench = InspectionBench(layout: layout)
    let (recognizer, inspector) = (bench.recognizer, bench.inspector())
    var labels: Set<Emotion> = []
    for code in [
      0, 1, 2, 3, 77, InspectionBench.corrupt, InspectionBench.huge, InspectionBench.empty, InspectionBench.dark,
    ] {
      for box in Self.boxes {
        let request = RecognitionRequest(bytes: [code], faceBox: box)
        let expected = try await recognizer.recognize([request])[0]
        let plain = try await inspector.inspect(request)
        let told = try await inspector.inspect(request, .init(explains: true, tellsStages: true))
        #expect(plain.outcome == expected && told.outcome == expected, "\(code)")
        guard case .sample(let measured) = expected, let distribution = measured.distribution else {
          #expect(plain.answer == nil)
          continue
        }
        labels.insert(distribution.label)
        let face = try #require(plain.face)
        #expect(face.count == measured.faceCount && face.quality.score == measured.quality)
        let answer = try #require(plain.answer)
        #expect(EmotionDistribution(probabilities: answer.said.probabilities) == distribution)
        #expect(told.answer?.said == answer.said && told.answer?.explanation?.label == distribution.label.rawValue)
      }
    }
    let request = RecognitionRequest(bytes: [])
    let expected = try await recognizer.recognize([request])[0]
    #expect(try await inspector.inspect(request).outcome == expected)
    #expect(labels.count > 0)
  }

  @Test("keeps what came between")
  func between() async throws {
    let bench = InspectionBench(layout: .planes)
    let inspection = try await bench.inspector().inspect(RecognitionRequest(bytes: [4]))
    let answer = try #require(inspection.answer)
    let bounds = try #require(bench.manifest.bounds)
    let face = try #require(inspection.face)
    #expect(answer.features.crop == face.crops.vgg)
    #expect(answer.features.hog == HistogramOfGradients().grid(of: face.crops.hog))
    let fused = answer.features.fused(bounds)
    for family in FeatureFamily.allCases { #expect(answer.fused?[family] == fused[family]) }
    #expect(answer.input == bench.manifest.makeLayout().tensor(of: [fused]))
    #expect(bench.inputs.seen.withLock { $0 } == [answer.input.elements])
    #expect(answer.featureStages.isEmpty && answer.classifierStages.isEmpty && answer.explanation == nil)
  }

  @Test("the crop's features are there for the layout that does not read them, too")
  func imageLayout() async throws {
    let inspection = try await InspectionBench(layout: .image).inspector().inspect(RecognitionRequest(bytes: [4]))
    let answer = try #require(inspection.answer)
    #expect(answer.features.cnn.isEmpty && answer.features.hog.count == 36 * 49 && answer.features.sift.count == 6272)
    #expect(answer.fused == nil)
    #expect(answer.input == NetworkInput.tensor(of: [answer.features.crop]))
  }

  @Test("drops one plane at a time: it is 0, the others are as they were")
  func droppedPlanes() async throws {
    let bench = InspectionBench(layout: .planes)
    let inspection = try await bench.inspector().inspect(RecognitionRequest(bytes: [6]), .init(explains: true))
    let explanation = try #require(inspection.answer?.explanation)
    #expect(explanation.drops.map(\.family) == FeatureFamily.allCases)
    let seen = bench.inputs.seen.withLock { $0 }
    try #require(seen.count == 4)
    for (family, input) in seen.dropFirst().enumerated() {
      for plane in 0..<3 {
        let range = plane * 50_176..<(plane + 1) * 50_176
        let expected = plane == family ? .init(repeating: 0, count: 50_176) : Array(seen[0][range])
        #expect(Array(input[range]) == expected, "plane \(plane) without \(family)")
      }
    }
    let probabilities = try #require(inspection.answer?.said.probabilities)
    let winner = explanation.label
    for drop in explanation.drops {
      #expect(abs(drop.probabilities.reduce(0, +) - 1) < 1e-9)
      #expect(drop.change == drop.probabilities[winner] - probabilities[winner])
    }
    let worst = explanation.drops.min { $0.change < $1.change }!
    #expect(explanation.carrier == (worst.change < 0 ? worst.family : nil))
  }

  @Test("drops a family of the grid to this face's mean of it")
  func droppedChannels() async throws {
    let bench = InspectionBench(layout: .grid)
    _ = try await bench.inspector().inspect(RecognitionRequest(bytes: [6]), .init(explains: true))
    let seen = bench.inputs.seen.withLock { $0 }
    try #require(seen.count == 4)
    let ranges = [0..<128 * 49, 128 * 49..<164 * 49, 164 * 49..<292 * 49]
    for (family, input) in seen.dropFirst().enumerated() {
      for (index, range) in ranges.enumerated() {
        guard index == family else {
          #expect(input[range] == seen[0][range])
          continue
        }
        let mean = seen[0][range].reduce(0.0) { $0 + Double($1) } / Double(range.count)
        #expect(mean > 0)
        #expect(input[range].allSatisfy { $0 == Float(mean) })
      }
    }
  }

  @Test("a layout without families has nothing to drop, a network without shrinkage no thresholds")
  func nothingToDrop() async throws {
    let bench = InspectionBench(layout: .image, network: "resnet18")
    let inspection = try await bench.inspector(classifierTaps: [:]).inspect(
      RecognitionRequest(bytes: [1]), .init(explains: true))
    let explanation = try #require(inspection.answer?.explanation)
    #expect(explanation.drops.isEmpty && explanation.thresholds.isEmpty && explanation.carrier == nil)
    #expect(Explanation.StageThreshold.taps(of: .resnet18()).isEmpty)
    #expect(bench.inputs.seen.withLock { $0.count } == 1)
  }

  @Test("thresholds are means over a stage's channels and blocks")
  func thresholds() async throws {
    let network = Network.drsn18(width: .quarter)
    let taps = Explanation.StageThreshold.taps(of: network)
    #expect(taps.count == 8 && taps.first == "layer1.0.shrink.threshold" && taps.last == "layer4.1.shrink.threshold")
    var values: [String: Tensor<Float>] = [:]
    for (index, name) in taps.enumerated() {
      let channels = 16 << (index / 2)
      values[name] = Tensor([1, channels], (0..<channels).map { Float(index) + ($0 % 2 == 0 ? 0.25 : -0.25) })
    }
    let inspection = try await InspectionBench(layout: .planes).inspector(classifierTaps: values).inspect(
      RecognitionRequest(bytes: [1]), .init(explains: true))
    let thresholds = try #require(inspection.answer?.explanation?.thresholds)
    #expect(thresholds.map(\.stage) == ["layer1", "layer2", "layer3", "layer4"])
    #expect(thresholds.map(\.mean) == [0.5, 2.5, 4.5, 6.5])
    #expect(thresholds.map(\.count) == [32, 64, 128, 256])
  }

  @Test("stages are told where they are asked for")
  func stages() async throws {
    let bench = InspectionBench(layout: .grid)
    let inspector = bench.inspector(
      featureTaps: ["features.0": Tensor(repeating: 1, [1, 16, 4, 4])],
      classifierTaps: ["conv1": Tensor(repeating: 2, [1, 64, 7, 7])])
    let request = RecognitionRequest(bytes: [1])
    let told = try #require(try await inspector.inspect(request, .init(tellsStages: true)).answer)
    #expect(told.featureStages.keys.sorted() == ["features.0", "input"])
    #expect(told.featureStages["input"] == NetworkInput.tensor(of: [told.features.crop]))
    #expect(told.classifierStages.keys.sorted() == ["conv1"])
    let plain = try #require(try await inspector.inspect(request).answer)
    #expect(plain.featureStages.isEmpty && plain.classifierStages.isEmpty)
  }

  @Test("many at once on two streams are each what they are alone")
  func concurrency() async throws {
    let inspector = InspectionBench(layout: .planes).inspector(streams: 2)
    let codes = (0..<24).map { UInt8($0 % 6) }
    let together = try await withThrowingTaskGroup(of: (Int, RecognitionOutcome).self) { group in
      for (index, code) in codes.enumerated() {
        group.addTask {
          let inspection = try await inspector.inspect(RecognitionRequest(bytes: [code]))
          return (index, try #require(inspection.outcome))
        }
      }
      return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    for index in 6..<24 { #expect(together[index] == together[index - 6]) }
    #expect(Set((0..<6).map { "\(together[$0]!)" }).count > 1)
  }

  @Test("a picture about a face has its frame and its keypoints, whatever the face's quality")
  func appearance() async throws {
    let inspector = InspectionBench(layout: .planes).inspector()
    for code in [3, InspectionBench.dark] {
      let request = RecognitionRequest(bytes: [code])
      let face = try #require(try await inspector.inspect(request).face)
      let shown = try await inspector.streams.run { try await inspector.appearance(of: request, face: face, on: $0) }
      #expect(shown.picture.width == 200 && shown.picture.height == 160 && shown.keypoints.count == 20)
      #expect(shown.hog == HistogramOfGradients().grid(of: face.crops.hog))
    }
    let empty = RecognitionRequest(bytes: [InspectionBench.empty])
    let nobody = try await inspector.streams.run { try await inspector.appearance(of: empty, face: nil, on: $0) }
    #expect(nobody.keypoints.isEmpty && nobody.hog.isEmpty)
  }
}
