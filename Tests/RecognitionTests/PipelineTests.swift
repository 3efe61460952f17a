import ImageTypes
import LearningEvents
import Neural
import Recognition
import Synchronization
import Telemetry
import Tensors
import Testing
import Vision

/// Recognition with everything around it replaced: which frame goes where, and what comes of each.
@Suite struct PipelineTests {
  @Test func everyFrameHasItsOwnOutcomeInOrder() async throws {
    let recognizer = Bench().recognizer(streams: 3)
    // A byte below 6 is a picture whose answer is that label.
    let codes: [UInt8] = [0, 5, Bench.corrupt, 3, Bench.empty, 1, Bench.huge, 2, Bench.dark, 4, Bench.poison, 0]
    let outcomes = try await recognizer.recognize(codes.map { RecognitionRequest(bytes: [$0]) })
    #expect(outcomes.count == codes.count)
    for (code, outcome) in zip(codes, outcomes) {
      switch (code, outcome) {
      case (0..<6, .sample(let measured)):
        #expect(measured.status == .classified && measured.distribution?.label.rawValue == Int(code))
        #expect(measured.faceCount == 2)
        #expect(measured.quality > 0)
      case (Bench.corrupt, .rejected(.badImage, let detail)): #expect(detail == "cut short")
      case (Bench.huge, .rejected(.tooLarge, let detail)): #expect(detail == "declares too much")
      case (Bench.empty, .sample(.noFace)): break
      case (Bench.dark, .sample(let measured)):
        #expect(measured == .lowQuality(faceCount: 2, quality: measured.quality))
      case (Bench.poison, .rejected(.badImage, _)): break
      default: Issue.record("code \(code) became \(outcome)")
      }
    }
  }

  @Test func anEmptyBatchIsFine() async throws {
    #expect(try await Bench().recognizer(streams: 2).recognize([]).isEmpty)
  }

  @Test func saneFaceBoxReplacesTheDetector() async throws {
    let recognizer = Bench().recognizer(streams: 1)
    let boxes: [(FaceBox, Int)] = [
      (FaceBox(x: 20, y: 20, width: 120, height: 130), 1),
      // Partly outside, but most of it inside.
      (FaceBox(x: -10, y: 20, width: 100, height: 100), 1),
      // Mostly outside, tiny, stretched, absurd: the detector looks, and sees two.
      (FaceBox(x: -60, y: 20, width: 100, height: 100), 2),
      (FaceBox(x: 20, y: 20, width: 10, height: 10), 2),
      (FaceBox(x: 20, y: 20, width: 100, height: 30), 2),
      (FaceBox(x: .max, y: .min, width: .max, height: .max), 2),
    ]
    let outcomes = try await recognizer.recognize(boxes.map { RecognitionRequest(bytes: [1], faceBox: $0.0) })
    for (outcome, box) in zip(outcomes, boxes) {
      guard case .sample(let measured) = outcome, measured.status == .classified else {
        Issue.record("\(box.0) became \(outcome)")
        continue
      }
      #expect(measured.faceCount == box.1, "\(box.0)")
    }
  }

  @Test func aBatchIsSpreadOverTheStreams() async throws {
    let bench = Bench(rendezvous: 2)
    // Each stream's first frame waits until the other stream has one too, so one stream alone would never finish.
    let outcomes = try await bench.recognizer(streams: 2).recognize((0..<8).map { _ in .init(bytes: [1]) })
    #expect(outcomes.count == 8)
    #expect(bench.log.withLock { Set($0) } == [0, 1])
  }

  @Test func batchesOfOneFrameAreSpreadOverTheStreamsToo() async throws {
    let bench = Bench(rendezvous: 2)
    let recognizer = bench.recognizer(streams: 2)
    try await withThrowingTaskGroup { group in
      for _ in 0..<8 { group.addTask { _ = try await recognizer.recognize([.init(bytes: [1])]) } }
      try await group.waitForAll()
    }
    #expect(bench.log.withLock { Set($0) } == [0, 1])
    let runs = bench.log.withLock { $0.count }
    #expect(runs == 8)
  }

  @Test func aSizeProblemIsToldFromTheHeaderAlone() {
    let bench = Bench()
    let recognizer = bench.recognizer(streams: 1)
    #expect([Bench.huge].withUnsafeBytes(recognizer.sizeProblem) == "declares too much")
    #expect([Bench.corrupt].withUnsafeBytes(recognizer.sizeProblem) == nil)
    #expect([UInt8(1)].withUnsafeBytes(recognizer.sizeProblem) == nil)
    let runs = bench.log.withLock { $0.count }
    #expect(runs == 0)
  }

  @Test func aFailingNetworkFailsTheBatch() async throws {
    let recognizer = Bench().recognizer(streams: 1)
    await #expect(throws: StubFailure.self) { try await recognizer.recognize([.init(bytes: [Bench.crash])]) }
    // The recogniser is still good for the next batch.
    #expect(try await recognizer.recognize([.init(bytes: [1])]).count == 1)
  }

  @Test func whatTheProcessLacksFailsTheBatchAndRejectsNoFrame() async throws {
    let recognizer = Bench().recognizer(streams: 2)
    let error = await #expect(throws: RecognitionError.self) {
      try await recognizer.recognize([1, Bench.starved, 2].map { RecognitionRequest(bytes: [$0]) })
    }
    #expect(error?.code == .unavailable && error?.detail == "no memory")
    #expect(try await recognizer.recognize([.init(bytes: [1])]).count == 1)
  }

  @Test func cancellationStopsBetweenFrames() async throws {
    let recognizer = Bench().recognizer(streams: 1)
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await recognizer.recognize([.init(bytes: [1])])
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func stagesAreTimed() async throws {
    let bench = Bench()
    _ = try await bench.recognizer(streams: 1).recognize([.init(bytes: [1]), .init(bytes: [Bench.empty])])
    let text = bench.registry.prometheusText()
    func count(_ stage: String) -> String { "lectern_recognition_stage_seconds_count{stage=\"\(stage)\"}" }
    for (stage, times) in [("decode", 2), ("face", 2), ("hog", 1), ("sift", 1), ("cnn", 1), ("drsn", 1)] {
      #expect(text.contains("\(count(stage)) \(times)\n"), "\(stage)")
    }
  }
}

struct StubFailure: Error {}

private struct Starvation: VisionFailure {
  let isOfProcess = true
  let description = "no memory"
}

/// Stubs that pass a frame's code along: the picture's first byte is its code, and the network answers that label.
final class Bench: Sendable {
  static let corrupt: UInt8 = 250
  static let huge: UInt8 = 251
  static let empty: UInt8 = 100
  static let dark: UInt8 = 2 + 100
  static let poison: UInt8 = 101
  static let crash: UInt8 = 103
  static let starved: UInt8 = 104

  let registry = MetricsRegistry()
  /// The number of the stream that ran each frame.
  let log = Mutex<[Int]>([])
  let gate: Gate?

  init(rendezvous: Int? = nil) { gate = rendezvous.map(Gate.init) }

  func recognizer(streams: Int, decoder: (any ImageDecoding)? = nil) -> Recognizer {
    let bounds = FamilyBounds(
      cnn: FeatureBounds(minimum: 0, maximum: 255), hog: FeatureBounds(minimum: 0, maximum: 1),
      sift: FeatureBounds(minimum: 0, maximum: 255))
    let manifest = ModelManifest(
      name: "stub", trained: false, bounds: bounds, planes: [.identity, .identity, .identity])
    return Recognizer(
      model: manifest, id: "stub",
      networks: (0..<streams).map {
        BundleNetworks(features: StubVGG(bench: self, number: $0), classifier: StubClassifier())
      },
      decoder: decoder ?? StubDecoder(), detector: StubDetector(), describer: StubDescriber(), registry: registry,
      logger: .silent)
  }
}

/// Lets nobody through before `count` have arrived; afterwards everybody.
actor Gate {
  private var missing: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []
  private var arrived: Set<Int> = []

  init(count: Int) { missing = count }

  func arrive(_ number: Int) async {
    if arrived.insert(number).inserted { missing -= 1 }
    guard missing > 0 else {
      for continuation in waiting { continuation.resume() }
      waiting = []
      return
    }
    await withCheckedContinuation { waiting.append($0) }
  }
}

struct StubDecoder: ImageDecoding {
  func probe(_ bytes: UnsafeRawBufferPointer) throws(ImageError) -> ImageHeader {
    if bytes[0] == Bench.huge { throw ImageError(.tooLarge, "declares too much") }
    return ImageHeader(width: 200, height: 200, format: .png)
  }

  func decodeGray(_ bytes: [UInt8]) throws(ImageError) -> GrayImage {
    switch bytes[0] {
    case Bench.corrupt: throw ImageError(.corrupt, "cut short")
    case Bench.huge: throw ImageError(.tooLarge, "declares too much")
    case Bench.dark: return GrayImage(width: 200, height: 200, repeating: 2)
    default:
      // A checkerboard of 8 pixels, sharp enough to pass the quality gate.
      let pixels = (0..<40_000).map { (index: Int) -> UInt8 in
        let odd = (index % 200 / 8 + index / 1600) % 2 == 1
        return odd ? 180 : 60
      }
      var image = GrayImage(width: 200, height: 200, pixels: pixels)
      image[0, 0] = bytes[0]
      return image
    }
  }
}

private struct StubDetector: FaceDetecting {
  func detect(in image: GrayImage) throws -> FaceDetection {
    switch image[0, 0] {
    case Bench.empty: return FaceDetection(faces: [])
    case Bench.poison: throw StubFailure()
    case Bench.starved: throw Starvation()
    default:
      return FaceDetection(faces: [
        PixelRect(x: 20, y: 20, width: 160, height: 160), PixelRect(x: 0, y: 0, width: 30, height: 30),
      ])
    }
  }
}

private struct StubDescriber: KeypointDescribing {
  func describe(_ image: GrayImage) throws -> [Keypoint] {
    [Keypoint(x: 0, y: 0, response: 1, descriptor: .init(repeating: 255, count: 128))]
  }
}

private struct StubVGG: NetworkRunning {
  let batch = 1
  let bench: Bench
  let number: Int

  func run(_ input: Tensor<Float>) async throws -> Tensor<Float> {
    bench.log.withLock { $0.append(number) }
    await bench.gate?.arrive(number)
    // The crop begins with the picture's first pixel replicated: (g/255 − 0.485)/0.229.
    let code = ((input[0] * 0.229 + 0.485) * 255).rounded()
    if UInt8(code) == Bench.crash { throw StubFailure() }
    return Tensor(repeating: code, [1, 512, 7, 7])
  }
}

private struct StubClassifier: NetworkRunning {
  let batch = 1

  func run(_ input: Tensor<Float>) async throws -> Tensor<Float> {
    let code = Int((input[0] * 255).rounded())
    return Tensor([1, 6], (0..<6).map { $0 == code ? 5 : 0 })
  }
}
