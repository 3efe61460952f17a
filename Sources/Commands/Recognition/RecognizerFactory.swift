import ImageIO
import LearningEvents
import OneDNN
import OpenCV
import Recognition
import Telemetry
import Training
import Vision

/// Builds recognition from configured values: the one place where its protocols meet oneDNN, OpenCV and the decoders.
struct RecognizerFactory: Sendable {
  /// How many frames are in work at once; each takes `threadsPerStream` cores while a network runs.
  var streams = 2
  /// OpenMP threads of each stream, its own included.
  var threadsPerStream = 1
  /// A cascade file of OpenCV; nil finds the distribution's.
  var cascadePath: String?
  /// How long a face is looked for where its session's last frame had it.
  var reuse = FaceReuse()
  /// Processor time for preparing one frame that a recogniser is given.
  var preparationLimit = Duration.seconds(10)

  private func startedStreams() -> StreamGroup { StreamGroup(streams: streams, threadsPerStream: threadsPerStream) }

  private func detector() throws -> CascadeFaceDetector {
    try CascadeFaceDetector(cascadePath: cascadePath, callers: streams)
  }

  /// Compiles a bundle's networks on every stream and returns the recogniser over them.
  func recognizer(
    _ stored: StoredBundle, decoder: any ImageDecoding, registry: MetricsRegistry, logger: Logger
  ) async throws -> Recognizer {
    if !stored.bundle.manifest.trained {
      logger.warning("The model is untrained: its answers mean nothing", metadata: ["model": .string(stored.id.text)])
    }
    let networks = try await stored.bundle.networks(on: startedStreams())
    if cascadePath != nil {
      logger.warning("Faces are found by a configured cascade, not by the one that was measured")
    }
    return Recognizer(
      model: stored.bundle.manifest, id: stored.id, networks: networks, decoder: decoder, detector: try detector(),
      describer: SiftDescriber(), reuse: reuse, preparationLimit: preparationLimit,
      registry: registry, logger: logger)
  }

  /// An inspector over a loaded bundle, with networks compiled as the worker compiles them and, on the same threads,
  /// once more for what they are to tell.
  func inspector(
    _ stored: StoredBundle, featureTaps: [String] = [], classifierTaps: [String] = []
  ) async throws -> Inspector {
    Inspector(
      model: stored.bundle.manifest, id: stored.id,
      networks: try await stored.bundle.networks(
        on: startedStreams(), featureTaps: featureTaps, classifierTaps: classifierTaps),
      decoder: PictureDecoder(), detector: try detector(), describer: SiftDescriber())
  }

  /// What finds faces for as many callers at once as there are streams.
  func faceFinder() throws -> FaceFinder { FaceFinder(detector: try detector()) }

  /// What makes bundles, with as many pictures in work as there are streams.
  func bundleMaker() throws -> BundleMaker {
    BundleMaker(detector: try detector(), describer: SiftDescriber(), compiler: startedStreams())
  }

  /// The untrained bundle in `folder`: loaded if it is there, else made (about 15 s on two cores) and saved.
  func untrainedBundle(in folder: String, seed: UInt64) async throws -> StoredBundle {
    if StoredBundle.exists(in: folder) { return try StoredBundle.load(from: folder) }
    return try await bundleMaker().untrained(seed: seed).save(to: folder)
  }
}
