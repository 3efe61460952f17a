package import Neural
package import Tensors

/// The judged interface to training on oneDNN: a network's forward and backward pass in fp32 on the thread, and the
/// OpenMP threads, of one stream. Weights go in and gradients come out as values, which the reference can be compared
/// with; what trains for long is a `TrainingSession`, which keeps both where they are.
///
/// The first step of a scope and an input shape compiles a plan, which later steps of the same reuse: primitives,
/// activations and packed weights are made once. A scope or a shape that comes back is still there, up to
/// `planLimit` plans; the least recently used goes first.
///
/// Each plan has room for the activations of one batch. Where another `forward` of the same scope and shape has come
/// between a pass and its `backward`, the pass is run forward once more.
package struct OneDNNTraining: TrainingBackend {
  package typealias Scalar = Float

  /// One batch whose activations wait on the stream.
  package struct Pass: TrainingPass {
    package let output: Tensor<Float>
    package let runningStatistics: [String: Tensor<Float>]
    let input: Tensor<Float>
    let weights: Weights
    let plan: TrainingPlanKey
    let number: Int
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
    try network.checkStatistics(scope: scope, input: input.shape)
    return try await stream.forward(
      TrainingPlanKey(network: network, scope: scope, input: input.shape), input, weights: weights)
  }

  package func backward(_ outputGradient: Tensor<Float>, through pass: Pass) async throws -> Gradients<Float> {
    try await stream.backward(outputGradient, through: pass)
  }

  /// How long the steps so far took by kind of work, such as `convolution backward, weights`, most expensive first.
  package func durations() async -> [(work: String, duration: Duration)] {
    await stream.trainingDurations(of: network).sorted { $0.value > $1.value }.map { ($0.key, $0.value) }
  }

  /// The memory that this network's plans hold on the stream: activations, gradients, scratch and parameters.
  package func byteCount() async -> Int { await stream.trainingByteCount(of: network) }

  /// Frees that memory.
  package func release() async { await stream.removeTraining(of: network) }
}

/// Training passes on a stream's thread.
extension ComputeStream {
  fileprivate func forward(
    _ key: TrainingPlanKey, _ input: Tensor<Float>, weights: Weights
  ) throws(OneDNNError) -> OneDNNTraining.Pass {
    let (pass, plan, output) = try trainingPlans.forward(key, input, weights: weights, on: currentEngine())
    return OneDNNTraining.Pass(
      output: output, runningStatistics: plan.runningStatistics(), input: input, weights: weights, plan: key,
      number: pass)
  }

  fileprivate func backward(
    _ outputGradient: Tensor<Float>, through pass: OneDNNTraining.Pass
  ) throws(OneDNNError) -> Gradients<Float> {
    guard outputGradient.shape == pass.output.shape else {
      throw OneDNNError(
        .invalidNetwork, "a gradient of \(outputGradient.shape) for an output of \(pass.output.shape)")
    }
    let plan = try trainingPlans.plan(
      holding: pass.number, pass.plan, pass.input, weights: pass.weights, on: currentEngine())
    let input = try plan.backward(outputGradient)
    var parameters: Weights = [:]
    for view in plan.store.layout.trainable where pass.plan.scope.parameters.contains(view.name) {
      parameters[view.name] = ParameterStore.read(plan.store.gradients, view)
    }
    return Gradients(
      parameters: parameters,
      input: pass.plan.scope.includesInput ? input ?? Tensor(repeating: 0, pass.input.shape) : nil)
  }

  fileprivate func trainingDurations(of network: Network) -> [String: Duration] { trainingPlans.durations(of: network) }

  fileprivate func trainingByteCount(of network: Network) -> Int { trainingPlans.byteCount(of: network) }

  fileprivate func removeTraining(of network: Network) { trainingPlans.removeAll(of: network) }
}

extension Network {
  /// Throws where a batch norm of the scope would see one number a channel only.
  func checkStatistics(scope: TrainingScope, input: Shape) throws(NetworkError) {
    let shapes = try resized(height: input[2], width: input[3]).shapes(batch: input[0])
    for (node, shape) in zip(nodes, shapes) {
      guard let name = node.layer.batchNorm(prefix: node.name), scope.batchNorms.contains(name) else { continue }
      let count = node.layer.attention == nil ? shape.count / max(1, shape[1]) : shape[0]
      guard count > 1 else { throw .tooFewForStatistics(batchNorm: name) }
    }
  }
}
