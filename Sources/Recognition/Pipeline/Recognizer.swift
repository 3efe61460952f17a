import LearningEvents
import Services
import Synchronization
package import Telemetry
import Tensors
package import Vision

/// Recognises frames on a pool of streams: bytes → gray picture → face → crop → VGG16, HOG, SIFT → fused features →
/// the classifying network → six probabilities. What the model's layout does not read is not computed.
///
/// Each stream works on one frame at a time and takes the next one that waits, of whichever batch, when it is done: a
/// slow frame holds nobody up, and many small batches keep every stream busy. Decoding, face detection, HOG and SIFT run on a thread of the stream's own; the networks where their
/// implementation runs them. Nothing blocks the cooperative pool. Several batches may be in work at once and share the
/// streams.
package final class Recognizer: FrameRecognizing {
  package let modelID: String
  /// Whether the bundle was trained; everything that shows a number of an untrained one says so.
  package let isTrained: Bool

  /// A stream and the thread for the work around its networks.
  private struct Lane: Sendable {
    let networks: RecognitionStream
    let thread: ThreadExecutor
  }

  /// Hands each frame of a batch to exactly one stream.
  private final class Cursor: Sendable {
    private let position = Atomic<Int>(0)
    private let end: Int

    init(end: Int) { self.end = end }

    func next() -> Int? {
      let index = position.wrappingAdd(1, ordering: .relaxed).oldValue
      return index < end ? index : nil
    }
  }

  private let lanes: ResourcePool<Lane>
  private let laneCount: Int
  private let decoder: any ImageDecoding
  private let preparation: FacePreparation
  private let bounds: FamilyBounds?
  private let layout: any FeatureLayout
  private let temperature: Double
  private let metrics: RecognitionMetrics
  private let logger: Logger

  /// Starts one thread a stream.
  ///
  /// - Parameters:
  ///   - model: what the networks were compiled from.
  ///   - streams: at least one; each with a feature network exactly where the layout reads CNN features.
  ///   - reuse: how long a face is looked for where its session's last frame had it.
  package init(
    model: ModelManifest, id: String, streams: [RecognitionStream], decoder: any ImageDecoding,
    detector: any FaceDetecting, describer: any KeypointDescribing, reuse: FaceReuse = FaceReuse(),
    registry: MetricsRegistry, logger: Logger
  ) {
    precondition(!streams.isEmpty, "recognition needs a stream")
    modelID = id
    isTrained = model.trained
    bounds = model.bounds
    let layout = model.makeLayout()
    precondition(
      streams.allSatisfy { ($0.features != nil) == layout.families.contains(.cnn) },
      "a stream has a feature network exactly where the layout reads its features")
    self.layout = layout
    temperature = model.temperature
    metrics = RecognitionMetrics(registry: registry)
    preparation = FacePreparation(
      decoder: decoder, detector: detector, describer: describer, normalization: model.hogNormalization ?? .max,
      families: layout.families, reuse: reuse, metrics: metrics, logger: logger)
    lanes = ResourcePool(
      streams.enumerated().map { index, networks in
        Lane(networks: networks, thread: ThreadExecutor(name: "faces-\(index)"))
      })
    laneCount = streams.count
    self.decoder = decoder
    self.logger = logger
  }

  package func recognize(_ requests: [RecognitionRequest]) async throws -> [RecognitionOutcome] {
    let cursor = Cursor(end: requests.count)
    var outcomes = [RecognitionOutcome?](repeating: nil, count: requests.count)
    try await withThrowingTaskGroup(of: [(Int, RecognitionOutcome)].self) { group in
      for _ in 0..<min(laneCount, requests.count) {
        group.addTask { [self] in
          var done: [(Int, RecognitionOutcome)] = []
          while let index = cursor.next() {
            try Task.checkCancellation()
            let answer = try await lanes.withResource { lane in
              // It may have waited long for the stream.
              try Task.checkCancellation()
              return try await outcome(of: requests[index], on: lane)
            }
            done.append((index, answer))
          }
          return done
        }
      }
      for try await part in group {
        for (index, outcome) in part { outcomes[index] = outcome }
      }
    }
    // Every index was taken by exactly one task, and a task that failed has thrown above.
    return outcomes.map { $0! }
  }

  package func sizeProblem(of request: RecognitionRequest) -> String? {
    do throws(ImageError) {
      _ = try decoder.probe(request.bytes)
      return nil
    } catch {
      return error.code == .tooLarge ? error.detail : nil
    }
  }

  /// How long a frame waits until it asks for a decoder again.
  private static let decoderPause = Duration.milliseconds(100)

  /// A frame for which there is no decoder waits alone, and keeps its stream: the next one would find none either. Were
  /// the whole batch tried again instead, its frames that cost a decoder each would do so in every try, and a batch with
  /// more of them than decoders may be started would never end.
  private func prepared(_ request: RecognitionRequest, on lane: Lane) async throws -> FacePreparation.Result {
    while true {
      if let result = try await preparation.prepareUnlessWithoutDecoder(request, on: lane.thread) { return result }
      try await Task.sleep(for: Self.decoderPause)
    }
  }

  private func outcome(of request: RecognitionRequest, on lane: Lane) async throws -> RecognitionOutcome {
    let face: FacePreparation.Face
    switch try await prepared(request, on: lane) {
    case .outcome(let outcome): return outcome
    case .unusable(let found):
      return .sample(.lowQuality(faceCount: found.count, quality: found.quality.score))
    case .face(let prepared): face = prepared
    }
    let clock = ContinuousClock()
    var start = clock.now
    var cnn: [Float] = []
    if let network = lane.networks.features {
      let pool = try await network.features(of: NetworkInput.tensor(of: face.crop))
      metrics.cnn.observe(clock.now - start)
      guard pool.count.isMultiple(of: 49), pool.count > 0 else {
        throw RecognitionError(.wrongShape, "the feature network returned \(pool.shape)")
      }
      cnn = pool.elements
    }
    let features = FrameFeatures(crop: face.crop, cnn: cnn, hog: face.hog, sift: face.sift)
    let fused = bounds.map(features.fused) ?? features
    start = clock.now
    let logits = try await lane.networks.classifier.logits(of: layout.tensor(of: [fused]))
    metrics.drsn.observe(clock.now - start)
    guard logits.count == Emotion.allCases.count else {
      throw RecognitionError(.wrongShape, "the classifier returned \(logits.shape)")
    }
    guard let distribution = Softmax.distribution(logits.elements, temperature: temperature) else {
      metrics.failures.increment()
      logger.error("A network returned a number that is not finite", metadata: ["model": .string(modelID)])
      return .rejected(.badImage, detail: "the network gave no finite answer")
    }
    return .sample(.classified(distribution, faceCount: face.count, quality: face.quality.score))
  }
}
