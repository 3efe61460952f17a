package import Neural
package import Tensors

/// Runs networks at full size for making a bundle; wired to oneDNN by the program. Calls never block the cooperative
/// pool.
package protocol NetworkCalibrating: Sendable {
  /// The outputs of `network` for samples of `[1, C, H, W]`, in their order. `finished` is told the number of samples
  /// done so far, from any thread.
  func outputs(
    of network: Network, weights: Weights, for samples: [Tensor<Float>], finished: @escaping @Sendable (Int) -> Void
  ) async throws -> [Tensor<Float>]

  /// Runs `network` on `[N, C, H, W]` with the batch's own statistics in its batch norms, and returns these with the
  /// output.
  ///
  /// - Parameter batchNorms: the prefixes of those measured, all where nil; the others keep their running statistics.
  func measureBatchNorm(
    of network: Network, weights: Weights, for batch: Tensor<Float>, only batchNorms: Set<String>?
  ) async throws -> BatchNormMeasurement
}
