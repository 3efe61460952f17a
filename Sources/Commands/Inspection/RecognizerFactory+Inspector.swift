import ImageIO
import Neural
import OneDNN
import OpenCV
import Recognition
import Telemetry

extension RecognizerFactory {
  /// An inspector over a loaded bundle, with networks compiled as the worker compiles them and, on the same threads, once
  /// more for what they are to tell.
  ///
  /// - Parameters:
  ///   - featureTaps: names of VGG16's nodes to tell; ignored where the bundle's layout has no VGG16.
  ///   - classifierTaps: names of the classifying network's nodes, thresholds and gates to tell.
  func inspector(
    _ stored: StoredBundle, featureTaps: [String] = [], classifierTaps: [String] = [], registry: MetricsRegistry
  ) async throws -> Inspector {
    let model = stored.bundle.manifest
    let features = try model.makeFeatureNetwork().map {
      try PreparedNetwork($0, weights: stored.bundle.featureWeights)
    }
    // Loading has made sure that the network exists.
    let classifier = try PreparedNetwork(model.makeNetwork()!, weights: stored.bundle.networkWeights)
    let threads = threadsPerStream
    let lanes = try await withThrowingTaskGroup(of: InspectionStream.self) { group in
      for index in 0..<streams {
        group.addTask {
          let stream = ComputeStream(name: "stream-\(index)", threads: threads)
          func taps(_ prepared: PreparedNetwork, _ names: [String]) async throws -> OneDNNTaps? {
            if names.isEmpty { return nil }
            return OneDNNTaps(
              stream: stream, network: try await stream.compile(prepared, batch: 1, taps: names), names: names)
          }
          var extractor: OneDNNFeatureNetwork?
          var extractorTaps: OneDNNTaps?
          if let features {
            extractor = OneDNNFeatureNetwork(stream: stream, network: try await stream.compile(features, batch: 1))
            extractorTaps = try await taps(features, featureTaps)
          }
          let networks = RecognitionStream(
            features: extractor,
            classifier: OneDNNClassifier(stream: stream, network: try await stream.compile(classifier, batch: 1)))
          return InspectionStream(
            networks: networks, featureTaps: extractorTaps, classifierTaps: try await taps(classifier, classifierTaps))
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    return Inspector(
      model: model, id: stored.id, streams: lanes, decoder: PictureDecoder(),
      detector: try CascadeFaceDetector(cascadePath: cascadePath, callers: streams), describer: SiftDescriber(),
      registry: registry)
  }
}
