package import Tensors

/// A network compiled on one `ComputeStream`: a ticket for running it there. May be passed between threads.
package struct CompiledNetwork: Hashable, Sendable {
  /// What the input of every run must be, `[batch, C, H, W]`.
  package let inputShape: Shape

  /// What every run returns.
  package let outputShape: Shape

  /// The memory this stream holds for the network's activations and scratch; packed weights are shared and not in it.
  package let activationByteCount: Int

  let id: Int
  let stream: ObjectIdentifier

  /// The number of samples of every run.
  package var batch: Int { inputShape[0] }
}
