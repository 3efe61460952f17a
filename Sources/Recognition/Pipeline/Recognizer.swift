package import LearningEvents
package import Telemetry
package import Vision

/// Recognises frames on a pool of streams: bytes → gray picture → face → crop → VGG16, HOG, SIFT → fused features →
/// the classifying network → six probabilities. What the model's layout does not read is not computed.
///
/// Each stream works on one frame at a time and takes the next one that waits, of whichever batch, when it is done: a
/// slow frame holds nobody up, and many small batches keep every stream busy. Decoding, face detection, HOG and SIFT
/// run on a thread of the stream's own; the networks where their implementation runs them. Nothing blocks the
/// cooperative pool. Several batches may be in work at once and share the streams.
package final class Recognizer: FrameRecognizing {
  package let modelID: ModelID
  private let streams: StreamPool<RecognitionStream>
  private let analyzer: FrameAnalyzer

  /// Starts one thread a stream.
  ///
  /// - Parameters:
  ///   - model: what the networks were compiled from; its labels are the six learning emotions.
  ///   - networks: for each stream, at least one; with a feature network exactly where the layout reads CNN features.
  ///   - reuse: how long a face is looked for where its session's last frame had it.
  ///   - preparationLimit: processor time for preparing one frame, decoding in this process included; nil for no bound.
  package init(
    model: ModelManifest, id: ModelID, networks: [BundleNetworks], decoder: any ImageDecoding,
    detector: any FaceDetecting, describer: any KeypointDescribing, reuse: FaceReuse = FaceReuse(),
    preparationLimit: Duration? = nil, registry: MetricsRegistry, logger: Logger
  ) {
    precondition(model.isOfLearningEmotions, "a recogniser answers with the six learning emotions")
    modelID = id
    let metrics = RecognitionMetrics(registry: registry)
    streams = StreamPool(
      networks.enumerated().map { index, networks in
        RecognitionStream(model, networks, describer: describer, thread: "faces-\(index)", metrics: metrics)
      })
    analyzer = FrameAnalyzer(
      decoder: decoder, finder: FaceFinder(detector: detector, reuse: reuse, metrics: metrics),
      preparationLimit: preparationLimit, modelID: id, metrics: metrics, logger: logger)
  }

  package func recognize(_ requests: [RecognitionRequest]) async throws -> [RecognitionOutcome] {
    try await streams.map(requests) { [analyzer] stream, request in
      guard let outcome = try await analyzer.analysis(of: request, on: stream).outcome else {
        preconditionFailure("a model of the six learning emotions answers with them")
      }
      return outcome
    }
  }

  package func sizeProblem(of picture: UnsafeRawBufferPointer) -> String? {
    do throws(ImageError) {
      _ = try analyzer.decoder.probe(picture)
      return nil
    } catch {
      return error.code == .tooLarge ? error.detail : nil
    }
  }
}
