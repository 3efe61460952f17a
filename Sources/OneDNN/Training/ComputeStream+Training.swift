internal import Neural
internal import Tensors

/// Training steps on a stream's thread; `OneDNNTraining` is the door to them.
extension ComputeStream {
  func forward(
    _ network: Network, _ input: Tensor<Float>, weights: Weights, scope: TrainingScope
  ) throws -> OneDNNTraining.Pass {
    try network.checkStatistics(scope: scope, input: input.shape)
    let key = TrainingPlanKey(network: network, scope: scope, input: input.shape)
    let plan = try trainingPlans.plan(key, on: currentEngine())
    try plan.forward(input, weights: weights)
    return OneDNNTraining.Pass(
      output: Tensor(plan.output.shape, plan.output.buffer), runningStatistics: plan.runningStatistics(after: weights),
      plan: key, generation: plan.generation)
  }

  func backward(
    _ outputGradient: Tensor<Float>, through pass: OneDNNTraining.Pass
  ) throws(OneDNNError) -> Gradients<Float> {
    guard let plan = trainingPlans.plan(pass.plan), plan.generation == pass.generation else {
      throw OneDNNError(.invalidNetwork, "a later forward pass has overwritten this one; run backward before it")
    }
    guard outputGradient.shape == plan.output.shape else {
      throw OneDNNError(
        .invalidNetwork, "a gradient of \(outputGradient.shape) for an output of \(plan.output.shape)")
    }
    return try plan.backward(outputGradient)
  }

  func trainingDurations(of network: Network) -> [(work: String, duration: Duration)] {
    trainingPlans.durations(of: network).sorted { $0.value > $1.value }.map { ($0.key, $0.value) }
  }

  func trainingByteCount(of network: Network) -> Int { trainingPlans.byteCount(of: network) }

  func removeTraining(of network: Network) { trainingPlans.removeAll(of: network) }
}

extension Network {
  /// Throws where a batch norm of the scope would see one number a channel only.
  fileprivate func checkStatistics(scope: TrainingScope, input: Shape) throws(NetworkError) {
    let shapes = try resized(height: input[2], width: input[3]).shapes(batch: input[0])
    for (node, shape) in zip(nodes, shapes) {
      guard let name = node.layer.batchNorm(prefix: node.name), scope.batchNorms.contains(name) else { continue }
      let count = if case .shrinkage = node.layer { shape[0] } else { shape.count / max(1, shape[1]) }
      guard count > 1 else { throw .tooFewForStatistics(batchNorm: name) }
    }
  }
}
