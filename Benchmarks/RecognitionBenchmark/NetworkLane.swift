import Neural
import OneDNN
import Recognition
import Tensors
import Training

/// One network on one oneDNN stream, for either role.
struct StreamNetwork: FeatureNetwork, ClassifierNetwork {
  let stream: ComputeStream
  let network: CompiledNetwork

  func features(of input: Tensor<Float>) async throws -> Tensor<Float> { try await stream.run(network, input) }
  func logits(of input: Tensor<Float>) async throws -> Tensor<Float> { try await stream.run(network, input) }
}

/// Both networks on one stream.
struct NetworkLane {
  let features: StreamNetwork
  let classifier: StreamNetwork
}

/// A bundle's networks, to be compiled for several numbers of threads.
struct PreparedNetworks {
  private let features: PreparedNetwork
  private let classifier: PreparedNetwork

  init(_ bundle: ModelBundle) throws {
    guard let vgg = bundle.manifest.makeFeatureNetwork(), let net = bundle.manifest.makeNetwork() else {
      throw BenchmarkFailure(description: "the bundle names a network that this program cannot build")
    }
    features = try PreparedNetwork(vgg, weights: bundle.featureWeights)
    classifier = try PreparedNetwork(net, weights: bundle.networkWeights)
  }

  func lane(threads: Int) async throws -> NetworkLane {
    let stream = ComputeStream(name: "stream", threads: threads)
    return NetworkLane(
      features: StreamNetwork(stream: stream, network: try await stream.compile(features, batch: 1)),
      classifier: StreamNetwork(stream: stream, network: try await stream.compile(classifier, batch: 1)))
  }
}

/// Runs networks for making the bundle.
struct StreamCalibrator: NetworkCalibrating {
  let stream: ComputeStream

  func outputs(
    of network: Network, weights: Weights, for samples: [Tensor<Float>], finished: @escaping @Sendable (Int) -> Void
  ) async throws -> [Tensor<Float>] {
    let compiled = try await stream.compile(PreparedNetwork(network, weights: weights), batch: 1)
    var outputs: [Tensor<Float>] = []
    for sample in samples { outputs.append(try await stream.run(compiled, sample)) }
    await stream.remove(compiled)
    return outputs
  }

  func measureBatchNorm(
    of network: Network, weights: Weights, for batch: Tensor<Float>, only batchNorms: Set<String>?
  ) async throws -> BatchNormMeasurement {
    try await stream.measureBatchNorm(network, weights: weights, input: batch, of: batchNorms)
  }
}
