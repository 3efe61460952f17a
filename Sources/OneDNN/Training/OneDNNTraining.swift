package import Neural
package import Tensors

/// Training steps on oneDNN: a network's forward and backward pass in fp32 on the thread, and the OpenMP threads, of one
/// stream.
///
/// The first step of a scope and an input shape compiles a plan, which later steps of the same reuse: primitives,
/// activations and packed weights are made once. A scope or a shape that comes back is still there, up to
/// `planLimit` plans; the least recently used goes first.
///
/// Each plan has room for one batch on its way: a second `forward` of the same scope and shape before the `backward`
/// of the first takes its activations away, and that `backward` throws.
package struct OneDNNTraining: TrainingBackend {
  package typealias Scalar = Float

  /// One batch whose activations wait on the stream.
  package struct Pass: TrainingPass {
    package let output: Tensor<Float>
    package let runningStatistics: [String: Tensor<Float>]
    let plan: TrainingPlanKey
    let generation: Int
  }

  /// How many plans a stream keeps for one network: the full batch and a short last one.
  package static let planLimit = 2

  package let network: Network
  package let stream: ComputeStream

  package init(_ network: Network, on stream: ComputeStream) {
    self.network = network
    self.stream = stream
  }

  package func forward(_ input: Tensor<Float>, weights: Weights, scope: TrainingScope) async throws -> Pass {
    try network.validate(weights)
    try scope.validate(for: network)
    try network.validate(input: input.shape)
    return try await stream.forward(network, input, weights: weights, scope: scope)
  }

  package func backward(_ outputGradient: Tensor<Float>, through pass: Pass) async throws -> Gradients<Float> {
    try await stream.backward(outputGradient, through: pass)
  }

  /// How long the steps so far took by kind of work, such as `convolution backward, weights`, most expensive first.
  package func durations() async -> [(work: String, duration: Duration)] { await stream.trainingDurations(of: network) }

  /// The memory that this network's plans hold on the stream: activations, gradients, scratch and packed parameters.
  package func byteCount() async -> Int { await stream.trainingByteCount(of: network) }

  /// Frees that memory; passes on their way are lost.
  package func release() async { await stream.removeTraining(of: network) }
}

/// What a training plan was compiled for.
struct TrainingPlanKey: Hashable, Sendable {
  let network: Network
  let scope: TrainingScope
  let input: Shape
}
