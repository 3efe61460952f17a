package import Tensors

/// The arithmetic a network computes in.
package enum Precision: String, Sendable, Hashable {
  case fp32
}

/// A network with its weights, compiled for batches of one size at one precision. Calls wait for each other and never
/// block the cooperative pool.
package protocol NetworkRunning: Sendable {
  /// The samples of every run.
  var batch: Int { get }

  /// `[batch, C, H, W]` → the output, `[batch, …]`.
  func run(_ input: Tensor<Float>) async throws -> Tensor<Float>

  /// `[batch, C, H, W]` → the values it was compiled to tell, by name; none where it was compiled without.
  func taps(of input: Tensor<Float>) async throws -> [String: Tensor<Float>]
}

extension NetworkRunning {
  package func taps(of input: Tensor<Float>) async throws -> [String: Tensor<Float>] { [:] }
}

/// Compiles networks for a few streams that run side by side. Calls never block the cooperative pool.
package protocol NetworkCompiling: Sendable {
  /// The network compiled on every stream, in the streams' order.
  ///
  /// - Parameters:
  ///   - batch: the samples of every run, at least one.
  ///   - taps: what `NetworkRunning.taps(of:)` tells: a node's name for its value, `<node>.threshold` or `<node>.gate`
  ///     for what an attention node decides. A tapped value is not fused away, so the output of such a network may
  ///     differ from that of one without taps in its last digits.
  func compile(
    _ network: Network, weights: Weights, batch: Int, precision: Precision, taps: [String]
  ) async throws -> [any NetworkRunning]

  /// Runs a network on `[N, C, H, W]` with the batch's own statistics in its batch norms, and returns these with the
  /// output.
  ///
  /// - Parameter batchNorms: the prefixes of those measured; the others keep their running statistics.
  func measureBatchNorm(
    of network: Network, weights: Weights, for batch: Tensor<Float>, only batchNorms: Set<String>
  ) async throws -> BatchNormMeasurement
}
