package import Neural
package import Tensors

/// Computes the gradients a network learns by: forward in training mode, then backward from the loss's gradient at the
/// output. Weights go in and updated running statistics come out as values; nothing of the caller's changes.
///
/// The reference (`ReferenceTraining`) judges every other backend through this protocol, and node by node through
/// networks of one layer.
package protocol TrainingBackend<Scalar>: Sendable {
  associatedtype Scalar: ReferenceScalar
  associatedtype Pass: TrainingPass<Scalar>

  var network: Network { get }

  /// The network's value for `input` `[N, C, H, W]`, with what `backward` will need.
  ///
  /// The batch norms in `scope` normalise by the batch; the others by the running statistics, as inference does.
  /// Throws where `weights` or `scope` are not this network's, where the layers cannot take the input, and
  /// `NetworkError.tooFewForStatistics` where a batch norm would see a single number a channel, as PyTorch does.
  func forward(
    _ input: Tensor<Scalar>, weights: [String: Tensor<Scalar>], scope: TrainingScope
  ) async throws -> Pass

  /// The gradients of a loss whose gradient at the network's output is `outputGradient`.
  func backward(_ outputGradient: Tensor<Scalar>, through pass: Pass) async throws -> Gradients<Scalar>
}

/// One batch on its way through a network in training mode.
package protocol TrainingPass<Scalar>: Sendable {
  associatedtype Scalar: ReferenceScalar

  /// The network's output, such as logits `[N, K]`.
  var output: Tensor<Scalar> { get }

  /// `running_mean` and `running_var` of every batch norm in the scope after this batch, by parameter name:
  /// (1 − m)·old + m·batch, m = `batchNormMomentum`, with the unbiased variance (n/(n − 1) times the one the batch
  /// was normalised with).
  var runningStatistics: [String: Tensor<Scalar>] { get }
}

extension ReferenceTraining: TrainingBackend {
  package func backward(
    _ outputGradient: Tensor<Scalar>, through pass: ReferencePass<Scalar>
  ) throws(NetworkError) -> Gradients<Scalar> {
    try backward(outputGradient, through: pass, observe: { _, _ in })
  }
}

extension ReferencePass: TrainingPass {}
