package import Tensors

/// One batch's way through the reference in training mode: every node's value, and what its backward needs besides.
package struct ReferencePass<Scalar: ReferenceScalar>: Sendable {
  /// The network's output, such as logits `[N, K]`.
  package let output: Tensor<Scalar>
  /// `running_mean` and `running_var` of every batch norm in the scope after this batch, by parameter name; see
  /// `ReferenceLayers.runningStatistics`.
  package let runningStatistics: [String: Tensor<Scalar>]

  let input: Tensor<Scalar>
  let weights: [String: Tensor<Scalar>]
  let scope: TrainingScope
  let values: [Tensor<Scalar>]
  let traces: [LayerTrace<Scalar>]
}

/// What a layer's backward needs besides its inputs, its value and its parameters.
enum LayerTrace<Scalar: ReferenceScalar>: Sendable {
  case none
  case normalized(NormTrace<Scalar>)
  case attended(AttentionTrace<Scalar>)
}

/// What a batch norm normalised with, `[C]` each.
struct NormTrace<Scalar: ReferenceScalar>: Sendable {
  let mean: Tensor<Scalar>
  let variance: Tensor<Scalar>
  /// Whether these are the batch's own, so that the gradient passes through them too.
  let ofBatch: Bool
}
