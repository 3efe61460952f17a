import Neural
import OneDNN
import OpenCV
import Recognition
import Telemetry
import Training
import Vision

/// Builds recognition from configured values: the one place where its protocols meet oneDNN, OpenCV and the decoders.
struct RecognizerFactory: Sendable {
  /// How many frames are in work at once; each takes `threadsPerStream` cores while a network runs.
  var streams: Int
  /// OpenMP threads of each stream, its own included.
  var threadsPerStream: Int
  /// A cascade file of OpenCV; nil finds the distribution's.
  var cascadePath: String?
  /// How long a face is looked for where its session's last frame had it.
  var reuse: FaceReuse

  init(
    streams: Int = 2, threadsPerStream: Int = 1, cascadePath: String? = nil, reuse: FaceReuse = FaceReuse()
  ) {
    precondition(streams > 0 && threadsPerStream > 0, "recognition needs a stream with a thread")
    self.streams = streams
    self.threadsPerStream = threadsPerStream
    self.cascadePath = cascadePath
    self.reuse = reuse
  }

  /// Compiles a bundle's networks on every stream and returns the recogniser over them.
  func recognizer(
    _ stored: StoredBundle, decoder: any ImageDecoding, registry: MetricsRegistry, logger: Logger
  ) async throws -> Recognizer {
    let model = stored.bundle.manifest
    if !model.trained {
      logger.warning("The model is untrained: its answers mean nothing", metadata: ["model": .string(stored.id)])
    }
    // Loading has made sure that the network exists.
    let features = try model.makeFeatureNetwork().map {
      try PreparedNetwork($0, weights: stored.bundle.featureWeights)
    }
    let classifier = try PreparedNetwork(model.makeNetwork()!, weights: stored.bundle.networkWeights)
    let threads = threadsPerStream
    let compiled = try await withThrowingTaskGroup(of: RecognitionStream.self) { group in
      for index in 0..<streams {
        group.addTask {
          let stream = ComputeStream(name: "stream-\(index)", threads: threads)
          var extractor: OneDNNFeatureNetwork?
          if let features {
            extractor = OneDNNFeatureNetwork(stream: stream, network: try await stream.compile(features, batch: 1))
          }
          return RecognitionStream(
            features: extractor,
            classifier: OneDNNClassifier(stream: stream, network: try await stream.compile(classifier, batch: 1)))
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    if cascadePath != nil {
      logger.warning("Faces are found by a configured cascade, not by the one that was measured")
    }
    return Recognizer(
      model: model, id: stored.id, streams: compiled, decoder: decoder,
      detector: try CascadeFaceDetector(cascadePath: cascadePath, callers: streams), describer: SiftDescriber(),
      reuse: reuse, registry: registry, logger: logger)
  }

  /// The untrained bundle in `folder`: loaded if it is there, else made (about 15 s on two cores) and saved.
  func untrainedBundle(
    in folder: String, seed: UInt64, progress: @escaping @Sendable (UntrainedBundle.Progress) -> Void = { _ in }
  ) async throws -> StoredBundle {
    if StoredBundle.exists(in: folder) { return try StoredBundle.load(from: folder) }
    let maker = UntrainedBundle(
      detector: try CascadeFaceDetector(cascadePath: cascadePath), describer: SiftDescriber(),
      calibrator: OneDNNCalibrator(streams: streams, threadsPerStream: threadsPerStream))
    return try await maker.make(seed: seed, progress: progress).save(to: folder)
  }
}
