import LearningEvents
package import Neural
import Services
package import Telemetry
import Tensors
package import Vision

/// Recognises single pictures as `Recognizer` does and keeps what came between: for `classify` and `features`, not for
/// speed.
///
/// The outcome is the worker's for the same bytes and box, bit for bit: the same preparation, the same compiled networks,
/// the same arithmetic. What it tells beside comes from networks compiled a second time (``TappedNetwork``).
///
/// Calls may overlap: as many are in work as there are streams, the others wait. Nothing blocks the cooperative pool.
package final class Inspector: Sendable {
  /// What to compute beside the answer.
  package struct Detail: Sendable, Hashable {
    /// Drop each family in turn, and ask for thresholds: three more runs of the classifying network and one of its taps.
    package var explains: Bool
    /// Every stage that the stream's tapped networks tell.
    package var tellsStages: Bool

    package init(explains: Bool = false, tellsStages: Bool = false) {
      self.explains = explains
      self.tellsStages = tellsStages
    }
  }

  /// A stream and the thread for the work around its networks.
  private struct Lane: Sendable {
    let stream: InspectionStream
    let thread: ThreadExecutor
  }

  package let model: ModelManifest
  package let modelID: String
  /// The classifying network.
  package let network: Network
  private let lanes: ResourcePool<Lane>
  private let layout: any FeatureLayout
  private let preparation: FacePreparation
  private let decoder: any ImageDecoding
  private let describer: any KeypointDescribing

  /// Starts one thread a stream.
  ///
  /// - Parameters:
  ///   - model: what the networks were compiled from; one that this program can run.
  ///   - streams: at least one; each with a feature network exactly where the layout reads CNN features.
  package init(
    model: ModelManifest, id: String, streams: [InspectionStream], decoder: any ImageDecoding,
    detector: any FaceDetecting, describer: any KeypointDescribing, registry: MetricsRegistry
  ) {
    precondition(!streams.isEmpty, "inspection needs a stream")
    guard let network = model.makeNetwork() else { preconditionFailure("no network \(model.network)") }
    self.model = model
    self.network = network
    modelID = id
    layout = model.makeLayout()
    preparation = FacePreparation(
      decoder: decoder, detector: detector, describer: describer, normalization: model.hogNormalization ?? .max,
      metrics: RecognitionMetrics(registry: registry))
    lanes = ResourcePool(
      streams.enumerated().map { Lane(stream: $1, thread: ThreadExecutor(name: "inspect-\($0)")) })
    self.decoder = decoder
    self.describer = describer
  }

  /// Inspects one picture.
  ///
  /// - Throws: what a network throws, or `RecognitionError` where the process lacks memory; whatever is wrong with the
  ///   picture is its outcome.
  package func inspect(_ request: RecognitionRequest, _ detail: Detail = Detail()) async throws -> Inspection {
    try await lanes.withResource { lane in
      try Task.checkCancellation()
      switch try await preparation.prepare(request, on: lane.thread) {
      case .outcome(let outcome): return Inspection(outcome: outcome, face: nil, answer: nil)
      case .unusable(let found):
        let outcome = RecognitionOutcome.sample(.lowQuality(faceCount: found.count, quality: found.quality.score))
        return Inspection(outcome: outcome, face: found, answer: nil)
      case .face(let face):
        let answer = try await answer(to: face, detail, on: lane.stream)
        return Inspection(outcome: outcome(of: face, answer), face: face.found, answer: answer)
      }
    }
  }

  /// What a picture about the face shows: the decoded frame, and the keypoints its descriptors came from. Costs decoding
  /// and SIFT a second time, and a stream's thread.
  package func appearance(
    of request: RecognitionRequest, face: FoundFace?
  ) async throws -> (picture: GrayImage, keypoints: [Keypoint]) {
    let (decoder, describer) = (decoder, describer)
    return try await lanes.withResource { lane in
      try await lane.thread.run { () throws in
        (try decoder.decodeGray(request.bytes), try face.map { try describer.describe($0.crops.sift) } ?? [])
      }
    }
  }

  /// The hand-crafted features of a face, whatever its quality.
  package func described(_ face: FoundFace) async throws -> FrameFeatures {
    let preparation = preparation
    return try await lanes.withResource { lane in
      let described = try await lane.thread.run { () throws in try preparation.described(face) }
      return FrameFeatures(crop: described.crop, hog: described.hog, sift: described.sift)
    }
  }

  private func outcome(of face: FacePreparation.Face, _ answer: Inspection.Answer) -> RecognitionOutcome {
    guard let distribution = Softmax.distribution(answer.logits, temperature: model.temperature) else {
      return .rejected(.badImage, detail: "the network gave no finite answer")
    }
    return .sample(.classified(distribution, faceCount: face.count, quality: face.quality.score))
  }

  // MARK: Networks

  private func answer(
    to face: FacePreparation.Face, _ detail: Detail, on stream: InspectionStream
  ) async throws -> Inspection.Answer {
    var cnn: [Float] = []
    var featureStages: [String: Tensor<Float>] = [:]
    if let network = stream.networks.features {
      let input = NetworkInput.tensor(of: face.crop)
      let pool = try await network.features(of: input)
      guard pool.count.isMultiple(of: 49), pool.count > 0 else {
        throw RecognitionError(.wrongShape, "the feature network returned \(pool.shape)")
      }
      cnn = pool.elements
      if detail.tellsStages, let taps = stream.featureTaps {
        featureStages = try await taps.values(of: input)
        featureStages[Self.input] = input
      }
    }
    let features = FrameFeatures(crop: face.crop, cnn: cnn, hog: face.hog, sift: face.sift)
    let fused = model.bounds.map(features.fused)
    let input = layout.tensor(of: [fused ?? features])
    let logits = try await logits(of: input, on: stream)
    let isFinite = logits.allSatisfy(\.isFinite)
    let probabilities = isFinite ? Softmax.probabilities(logits, temperature: model.temperature) : []
    var classifierStages: [String: Tensor<Float>] = [:]
    if detail.tellsStages || detail.explains, let taps = stream.classifierTaps {
      classifierStages = try await taps.values(of: input)
    }
    var explanation: Explanation?
    if detail.explains, let label = EmotionDistribution(probabilities: probabilities)?.label {
      explanation = try await explained(
        label, probabilities, fused, thresholds: Explanation.StageThreshold.means(classifierStages, of: network),
        on: stream)
    }
    return Inspection.Answer(
      features: features, fused: fused, input: input, logits: logits, probabilities: probabilities,
      featureStages: featureStages, classifierStages: classifierStages, explanation: explanation)
  }

  /// VGG16's input among its stages.
  package static let input = "input"

  private func explained(
    _ label: Emotion, _ probabilities: [Double], _ fused: FrameFeatures?, thresholds: [Explanation.StageThreshold],
    on stream: InspectionStream
  ) async throws -> Explanation {
    var drops: [Explanation.Drop] = []
    for family in FeatureFamily.allCases where layout.families.contains(family) {
      guard let fused else { break }
      let logits = try await logits(
        of: layout.tensor(of: [fused.dropping(family, planes: model.planes)]), on: stream)
      let without = Softmax.probabilities(logits, temperature: model.temperature)
      guard let distribution = EmotionDistribution(probabilities: without) else { continue }
      drops.append(
        Explanation.Drop(
          family: family, probabilities: without, label: distribution.label,
          change: without[label.rawValue] - probabilities[label.rawValue]))
    }
    return Explanation(label: label, drops: drops, thresholds: thresholds)
  }

  private func logits(of input: Tensor<Float>, on stream: InspectionStream) async throws -> [Float] {
    let logits = try await stream.networks.classifier.logits(of: input)
    guard logits.count == Emotion.allCases.count else {
      throw RecognitionError(.wrongShape, "the classifier returned \(logits.shape)")
    }
    return logits.elements
  }
}
