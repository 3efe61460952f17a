import ImageIO
import LearningEvents
import OneDNN
import OpenCV
import Recognition
import Telemetry

extension Recognizer {
  /// The real pipeline over a bundle that was never stored.
  static func real(_ bundle: ModelBundle, streams: Int, registry: MetricsRegistry = .init()) async throws -> Recognizer
  {
    Recognizer(
      model: bundle.manifest, id: "not stored", networks: try await bundle.networks(on: StreamGroup(streams: streams)),
      decoder: PictureDecoder(), detector: try CascadeFaceDetector(callers: streams), describer: SiftDescriber(),
      registry: registry, logger: .silent)
  }
}
