package import Neural
package import Tensors

/// A few streams that run the same networks side by side: what recognition, and the making of bundles, run on.
package struct StreamGroup: NetworkCompiling {
  private let streams: [ComputeStream]

  /// Starts the streams' threads.
  ///
  /// - Parameters:
  ///   - streams: how many, at least one.
  ///   - threadsPerStream: OpenMP threads of each stream, its own included.
  package init(streams: Int, threadsPerStream: Int = 1) {
    precondition(streams > 0, "networks run on at least one stream")
    self.streams = (0..<streams).map { ComputeStream(name: "stream-\($0)", threads: threadsPerStream) }
  }

  package func compile(
    _ network: Network, weights: Weights, batch: Int = 1, precision: Precision = .fp32, taps: [String] = []
  ) async throws -> [any NetworkRunning] {
    let prepared = try PreparedNetwork(network, weights: weights)
    return try await withThrowingTaskGroup(of: (Int, StreamNetwork).self) { group in
      for (index, stream) in streams.enumerated() {
        group.addTask {
          (index, StreamNetwork(try await stream.compile(prepared, batch: batch, taps: taps), on: stream))
        }
      }
      var compiled: [(Int, StreamNetwork)] = []
      for try await network in group { compiled.append(network) }
      return compiled.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }

  package func measureBatchNorm(
    of network: Network, weights: Weights, for batch: Tensor<Float>, only batchNorms: Set<String>
  ) async throws -> BatchNormMeasurement {
    try await streams[0].measureBatchNorm(network, weights: weights, input: batch, of: batchNorms)
  }
}

/// A network on its stream, which forgets it with its last reference.
private final class StreamNetwork: NetworkRunning {
  private let network: CompiledNetwork
  private let stream: ComputeStream

  var batch: Int { network.batch }

  init(_ network: CompiledNetwork, on stream: ComputeStream) {
    self.network = network
    self.stream = stream
  }

  deinit {
    let (network, stream) = (network, stream)
    Task { await stream.remove(network) }
  }

  func run(_ input: Tensor<Float>) async throws -> Tensor<Float> { try await stream.run(network, input) }

  func taps(of input: Tensor<Float>) async throws -> [String: Tensor<Float>] {
    try await stream.run(network, tapping: input).taps
  }
}
