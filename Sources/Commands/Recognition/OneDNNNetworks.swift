import Neural
import OneDNN
import Recognition
import Tensors
import Training

/// VGG16 on a oneDNN stream.
struct OneDNNFeatureNetwork: FeatureNetwork {
  let stream: ComputeStream
  let network: CompiledNetwork

  func features(of input: Tensor<Float>) async throws -> Tensor<Float> { try await stream.run(network, input) }
}

/// The classifying network on a oneDNN stream.
struct OneDNNClassifier: ClassifierNetwork {
  let stream: ComputeStream
  let network: CompiledNetwork

  func logits(of input: Tensor<Float>) async throws -> Tensor<Float> { try await stream.run(network, input) }
}

/// Runs networks for making a bundle, samples spread over a few streams.
struct OneDNNCalibrator: NetworkCalibrating {
  private let streams: [ComputeStream]

  init(streams: Int, threadsPerStream: Int) {
    self.streams = (0..<streams).map { ComputeStream(name: "calibrate-\($0)", threads: threadsPerStream) }
  }

  func outputs(
    of network: Network, weights: Weights, for samples: [Tensor<Float>], finished: @escaping @Sendable (Int) -> Void
  ) async throws -> [Tensor<Float>] {
    let prepared = try PreparedNetwork(network, weights: weights)
    let count = streams.count
    var outputs = [Tensor<Float>?](repeating: nil, count: samples.count)
    try await withThrowingTaskGroup(of: [(Int, Tensor<Float>)].self) { group in
      for (lane, stream) in streams.enumerated() {
        group.addTask {
          let compiled = try await stream.compile(prepared, batch: 1)
          var done: [(Int, Tensor<Float>)] = []
          for index in Swift.stride(from: lane, to: samples.count, by: count) {
            try Task.checkCancellation()
            done.append((index, try await stream.run(compiled, samples[index])))
            // Streams run in step, so that the last of a round stands for all.
            finished(min(samples.count, done.count * count))
          }
          await stream.remove(compiled)
          return done
        }
      }
      for try await part in group {
        for (index, output) in part { outputs[index] = output }
      }
    }
    return outputs.map { $0! }
  }

  func measureBatchNorm(
    of network: Network, weights: Weights, for batch: Tensor<Float>, only batchNorms: Set<String>?
  ) async throws -> BatchNormMeasurement {
    try await streams[0].measureBatchNorm(network, weights: weights, input: batch, of: batchNorms)
  }
}
