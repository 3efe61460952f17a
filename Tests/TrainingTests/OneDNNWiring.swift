import ImageIO
import LearningEvents
import Neural
import OneDNN
import OpenCV
import Recognition
import Telemetry
import Tensors
import Training

/// One network on one oneDNN stream, for either role.
struct StreamNetwork: FeatureNetwork, ClassifierNetwork {
  let stream: ComputeStream
  let network: CompiledNetwork

  func features(of input: Tensor<Float>) async throws -> Tensor<Float> { try await stream.run(network, input) }
  func logits(of input: Tensor<Float>) async throws -> Tensor<Float> { try await stream.run(network, input) }
}

/// Calibration on a few oneDNN streams.
struct StreamCalibrator: NetworkCalibrating {
  let streams: [ComputeStream]

  init(streams: Int) { self.streams = (0..<streams).map { ComputeStream(name: "calibrate-\($0)") } }

  func outputs(
    of network: Network, weights: Weights, for samples: [Tensor<Float>], finished: @escaping @Sendable (Int) -> Void
  ) async throws -> [Tensor<Float>] {
    let prepared = try PreparedNetwork(network, weights: weights)
    let count = streams.count
    return try await withThrowingTaskGroup(of: [(Int, Tensor<Float>)].self) { group in
      for (lane, stream) in streams.enumerated() {
        group.addTask {
          let compiled = try await stream.compile(prepared, batch: 1)
          var done: [(Int, Tensor<Float>)] = []
          for index in Swift.stride(from: lane, to: samples.count, by: count) {
            done.append((index, try await stream.run(compiled, samples[index])))
            finished(done.count)
          }
          return done
        }
      }
      var all = try await group.reduce(into: []) { $0 += $1 }
      all.sort { $0.0 < $1.0 }
      return all.map(\.1)
    }
  }

  func measureBatchNorm(
    of network: Network, weights: Weights, for batch: Tensor<Float>, only batchNorms: Set<String>?
  ) async throws -> BatchNormMeasurement {
    try await streams[0].measureBatchNorm(network, weights: weights, input: batch, of: batchNorms)
  }
}

extension Recognizer {
  /// The real pipeline over a bundle that was never stored.
  static func real(_ bundle: ModelBundle, streams: Int, registry: MetricsRegistry = .init()) async throws -> Recognizer
  {
    let features = try bundle.manifest.makeFeatureNetwork().map {
      try PreparedNetwork($0, weights: bundle.featureWeights)
    }
    let classifier = try PreparedNetwork(bundle.manifest.makeNetwork()!, weights: bundle.networkWeights)
    var lanes: [RecognitionStream] = []
    for index in 0..<streams {
      let stream = ComputeStream(name: "stream-\(index)")
      var extractor: StreamNetwork?
      if let features {
        extractor = StreamNetwork(stream: stream, network: try await stream.compile(features, batch: 1))
      }
      lanes.append(
        RecognitionStream(
          features: extractor,
          classifier: StreamNetwork(stream: stream, network: try await stream.compile(classifier, batch: 1))))
    }
    return Recognizer(
      model: bundle.manifest, id: "not stored", streams: lanes, decoder: PictureDecoder(),
      detector: try CascadeFaceDetector(callers: streams), describer: SiftDescriber(), registry: registry,
      logger: .silent)
  }
}
