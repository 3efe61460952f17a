import LearningEvents
import Services
import Telemetry
import Vision

/// One stream's part in recognition: a thread for what blocks, and a model over the networks of the stream.
struct RecognitionStream: Sendable {
  let thread: ThreadExecutor
  let extractor: FeatureExtractor
  let classifier: BundleClassifier

  /// Starts the thread.
  ///
  /// - Parameter families: which of HOG and SIFT to compute; what the layout reads where nil.
  init(
    _ model: ModelManifest, _ networks: BundleNetworks, describer: any KeypointDescribing, thread name: String,
    families: Set<FeatureFamily>? = nil, metrics: RecognitionMetrics? = nil
  ) {
    thread = ThreadExecutor(name: name)
    classifier = BundleClassifier(model, network: networks.classifier, metrics: metrics)
    let read = classifier.fusion.layout.families
    precondition(
      (networks.features != nil) == read.contains(.cnn),
      "a stream has a feature network exactly where the layout reads its features")
    extractor = FeatureExtractor(
      families: families ?? read, normalization: model.hogNormalization ?? .max, describer: describer,
      network: networks.features, thread: thread, metrics: metrics)
  }
}

/// The way of one frame: bytes → gray picture → face → features → answer. Whatever is wrong with a frame is its own
/// reject.
struct FrameAnalyzer: Sendable {
  let decoder: any ImageDecoding
  let finder: FaceFinder
  /// Processor time for preparing one frame on its stream's thread; nil for no bound.
  var preparationLimit: Duration?
  var modelID: ModelID
  var metrics: RecognitionMetrics?
  var logger = Logger.silent

  /// Analyses one frame. Nothing blocks the cooperative pool.
  ///
  /// - Throws: `RecognitionError` where the process lacked what any frame needs, what a network throws, or
  ///   `CancellationError`; nothing is known about this frame then.
  func analysis(of request: RecognitionRequest, on stream: RecognitionStream) async throws -> FrameAnalysis {
    do {
      let (found, deadline) = try await face(of: request, on: stream)
      guard let face = found else { return .noFace }
      guard face.quality.isUsable else { return .lowQuality(face) }
      let features = try await stream.extractor.features(of: [face.crops], by: deadline)[0]
      guard let answer = try await stream.classifier.answers(to: [features])[0] else {
        metrics?.failures.increment()
        logger.error("A network returned a number that is not finite", metadata: ["model": .string(modelID.text)])
        return .rejected(.badImage, detail: "the network gave no finite answer")
      }
      return .classified(face, features, answer)
    } catch let error as ImageError {
      return .rejected(try Self.code(of: error), detail: error.detail)
    } catch let error as RecognitionError where error.code == .unanalysable {
      // Most likely the library would throw on this picture again, and trying for ever would hold up every frame behind
      // it. Nobody can be sure, so the reject is logged; `lectern rejects retry` judges it again.
      metrics?.failures.increment()
      logger.error(
        "A decoded picture could not be analysed and is rejected", metadata: ["error": .string(error.detail)])
      return .rejected(.badImage, detail: "the picture could not be analysed")
    } catch let error as RecognitionError where error.code == .tooCostly {
      // The decoder is well and the picture was decoded, so it is not its reject; again would take as long.
      metrics?.failures.increment()
      logger.error("A decoded picture is too costly and is rejected", metadata: ["error": .string(error.detail)])
      return .rejected(.badImage, detail: error.detail)
    }
  }

  /// How long a frame waits until it asks for a decoder again.
  private static let decoderPause = Duration.milliseconds(100)

  /// The face of a frame, decoded and looked for on the stream's thread.
  ///
  /// A frame for which there is no decoder waits alone, and keeps its stream: the next one would find none either. Were
  /// the whole batch tried again instead, its frames that cost a decoder each would do so in every try, and a batch
  /// with more of them than decoders may be started would never end.
  private func face(
    of request: RecognitionRequest, on stream: RecognitionStream
  ) async throws -> (face: FoundFace?, deadline: PreparationDeadline?) {
    while true {
      do {
        return try await stream.thread.run { () throws in
          let deadline = preparationLimit.map(PreparationDeadline.init)
          let image = try (metrics?[.decode]).timed { () throws(ImageError) in try decoder.decodeGray(request.bytes) }
          try deadline?.check()
          do {
            let face = try finder.face(in: image, hint: request.faceBox, track: request.track, by: deadline)
            return (face, deadline)
          } catch let error as RecognitionError {
            throw error
          } catch {
            throw RecognitionError(analysing: error)
          }
        }
      } catch let error as ImageError where error.code == .noDecoder {
        try await Task.sleep(for: Self.decoderPause)
      }
    }
  }

  /// Why a picture that was not decoded is rejected.
  ///
  /// - Throws: `RecognitionError.unavailable` where the picture is not at fault.
  private static func code(of error: ImageError) throws(RecognitionError) -> RejectCode {
    switch error.code {
    case .tooLarge: .tooLarge
    case .decoderFailed: .decoderCrash
    case .notAnImage, .corrupt, .unsupported: .badImage
    case .unavailable, .noDecoder: throw RecognitionError(.unavailable, error.detail)
    }
  }
}
