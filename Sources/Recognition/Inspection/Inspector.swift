package import LearningEvents
package import Neural
import Services
import Tensors
package import Vision

/// Recognises single pictures as `Recognizer` does and keeps what came between: for `classify` and `features`, not for
/// speed.
///
/// The answer is the worker's for the same bytes and box, bit for bit, because the same code computes it. What is told
/// beside it comes from networks compiled a second time with taps.
///
/// Calls may overlap: as many are in work as there are streams, the others wait. Nothing blocks the cooperative pool.
package final class Inspector: Sendable {
  /// What to compute beside the answer.
  package struct Detail: Sendable, Hashable {
    /// Drop each family in turn, and ask for thresholds: three more runs of the classifying network and one of its
    /// taps.
    package var explains: Bool
    /// Every stage that the stream's tapped networks tell.
    package var tellsStages: Bool

    package init(explains: Bool = false, tellsStages: Bool = false) {
      self.explains = explains
      self.tellsStages = tellsStages
    }
  }

  /// One picture at a time is inspected on it.
  package struct Stream: Sendable {
    let recognition: RecognitionStream
    let tappedFeatures: (any NetworkRunning)?
    let tappedClassifier: (any NetworkRunning)?
  }

  package let model: ModelManifest
  package let modelID: ModelID
  /// The classifying network.
  package let network: Network
  package let streams: StreamPool<Stream>
  private let analyzer: FrameAnalyzer

  /// Starts one thread a stream.
  ///
  /// - Parameters:
  ///   - model: what the networks were compiled from; one that this program can run.
  ///   - networks: for each stream, at least one; with a feature network exactly where the layout reads CNN features.
  package init(
    model: ModelManifest, id: ModelID, networks: [BundleNetworks], decoder: any ImageDecoding,
    detector: any FaceDetecting, describer: any KeypointDescribing
  ) {
    guard let network = model.makeNetwork() else { preconditionFailure("no network \(model.network)") }
    self.model = model
    self.network = network
    modelID = id
    streams = StreamPool(
      networks.enumerated().map { index, networks in
        Stream(
          recognition: RecognitionStream(
            model, networks, describer: describer, thread: "inspect-\(index)", families: [.hog, .sift]),
          tappedFeatures: networks.tappedFeatures, tappedClassifier: networks.tappedClassifier)
      })
    analyzer = FrameAnalyzer(decoder: decoder, finder: FaceFinder(detector: detector), modelID: id)
  }

  /// Inspects one picture on a stream of its own.
  package func inspect(_ request: RecognitionRequest, _ detail: Detail = Detail()) async throws -> Inspection {
    try await streams.run { try await inspect(request, detail, on: $0) }
  }

  /// Inspects one picture.
  ///
  /// - Throws: what a network throws, or `RecognitionError` where the process lacks memory; whatever is wrong with the
  ///   picture is its outcome.
  package func inspect(
    _ request: RecognitionRequest, _ detail: Detail, on stream: Stream
  ) async throws -> Inspection {
    let analysis = try await analyzer.analysis(of: request, on: stream.recognition)
    guard case .classified(_, let features, let said) = analysis else {
      return Inspection(analysis: analysis, answer: nil)
    }
    let fusion = stream.recognition.classifier.fusion
    let input = fusion.input(of: [features])
    var featureStages: [String: Tensor<Float>] = [:]
    if detail.tellsStages, let taps = stream.tappedFeatures {
      let crop = NetworkInput.tensor(of: [features.crop])
      featureStages = try await taps.taps(of: crop)
      featureStages[Self.input] = crop
    }
    var classifierStages: [String: Tensor<Float>] = [:]
    if detail.tellsStages || detail.explains, let taps = stream.tappedClassifier {
      classifierStages = try await taps.taps(of: input)
    }
    var explanation: Explanation?
    if detail.explains {
      explanation = Explanation(
        label: said.label, drops: try await drops(of: said, features, on: stream.recognition.classifier),
        thresholds: Explanation.StageThreshold.means(classifierStages, of: network))
    }
    return Inspection(
      analysis: analysis,
      answer: Inspection.Answer(
        features: features, fused: fusion.fused(features), input: input, said: said, featureStages: featureStages,
        classifierStages: classifierStages, explanation: explanation))
  }

  /// VGG16's input among its stages.
  package static let input = "input"

  private func drops(
    of said: BundleClassifier.Answer, _ features: FrameFeatures, on classifier: BundleClassifier
  ) async throws -> [Explanation.Drop] {
    var drops: [Explanation.Drop] = []
    for family in FeatureFamily.allCases where classifier.fusion.layout.families.contains(family) {
      guard let without = try await classifier.answers(to: [features], dropping: family)[0] else { continue }
      drops.append(
        Explanation.Drop(
          family: family, probabilities: without.probabilities, label: without.label,
          change: without.probabilities[said.label] - said.probabilities[said.label]))
    }
    return drops
  }

  /// What a drawing about a face shows.
  package struct Appearance: Sendable {
    package let picture: GrayImage
    /// Those that the descriptors come from; none without a face.
    package let keypoints: [Keypoint]
    /// `[36, 7, 7]`; empty without a face.
    package let hog: [Float]
  }

  /// What a picture about the face shows, whatever the face's quality. Costs decoding, HOG and SIFT a second time.
  package func appearance(
    of request: RecognitionRequest, face: FoundFace?, on stream: Stream
  ) async throws -> Appearance {
    let (decoder, extractor) = (analyzer.decoder, stream.recognition.extractor)
    return try await stream.recognition.thread.run { () throws in
      let picture = try decoder.decodeGray(request.bytes)
      guard let face else { return Appearance(picture: picture, keypoints: [], hog: []) }
      let crafted = try extractor.handCrafted(face.crops)
      return Appearance(picture: picture, keypoints: crafted.keypoints, hog: crafted.hog)
    }
  }
}
