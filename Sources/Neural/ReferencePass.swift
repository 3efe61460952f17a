package import Tensors

/// One batch's way through the reference in training mode: every node's value, and what its backward needs besides.
package struct ReferencePass<Scalar: ReferenceScalar>: TrainingPass {
  package let output: Tensor<Scalar>
  package let runningStatistics: [String: Tensor<Scalar>]

  let input: Tensor<Scalar>
  let weights: [String: Tensor<Scalar>]
  let scope: TrainingScope
  let values: [Tensor<Scalar>]
  let traces: [LayerTrace<Scalar>]

  /// A node's value.
  package func value(ofNode index: Int) -> Tensor<Scalar> { values[index] }

  func value(_ value: Network.Value) -> Tensor<Scalar> {
    switch value {
    case .input: input
    case .node(let index): values[index]
    }
  }
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
