package import Tensors

/// Trains a network in plain Swift: the judge of every faster training backend. It keeps every value of a batch, so its
/// memory is the sum of all nodes' values; use it at reduced size.
package struct ReferenceTraining<Scalar: ReferenceScalar>: Sendable {
  package let network: Network

  package init(_ network: Network) { self.network = network }

  /// The network's value for `input` `[N, C, H, W]`, with what `backward` will need.
  ///
  /// The batch norms in `scope` normalise by the batch; the others by the running statistics, as inference does.
  /// Throws where `weights` or `scope` are not this network's, where the layers cannot take the input, and
  /// `NetworkError.tooFewForStatistics` where a batch norm would see a single number a channel, as PyTorch does.
  package func forward(
    _ input: Tensor<Scalar>, weights: [String: Tensor<Scalar>], scope: TrainingScope
  ) throws(NetworkError) -> ReferencePass<Scalar> {
    try network.validate(weights)
    try scope.validate(for: network)
    try network.validate(input: input.shape)
    var forward = ReferenceForward(weights: weights, batchNorms: scope.batchNorms)
    var values: [Tensor<Scalar>] = []
    var traces: [LayerTrace<Scalar>] = []
    for node in network.nodes {
      let (value, trace) = forward.apply(node, to: node.inputs.map { $0.pick(from: values, input: input) })
      values.append(value)
      traces.append(trace)
    }
    return ReferencePass(
      output: values.last ?? input, runningStatistics: try running(after: forward), input: input, weights: weights,
      scope: scope, values: values, traces: traces)
  }

  /// The running statistics after a batch.
  private func running(after forward: ReferenceForward<Scalar>) throws(NetworkError) -> [String: Tensor<Scalar>] {
    var running: [String: Tensor<Scalar>] = [:]
    for prefix in network.batchNorms {
      guard let batch = forward.statistics[prefix] else { continue }
      guard batch.count > 1 else { throw .tooFewForStatistics(batchNorm: prefix) }
      let (mean, variance) = ("\(prefix).running_mean", "\(prefix).running_var")
      (running[mean], running[variance]) = ReferenceLayers.runningStatistics(
        mean: forward.weights[mean]!, variance: forward.weights[variance]!, batchMean: batch.mean,
        batchVariance: batch.variance, count: batch.count)
    }
    return running
  }

  /// The gradients of a loss whose gradient at the network's output is `outputGradient`. `observe` is given the name of
  /// every node that gradients pass through, with the gradient at its value, from the last to the first.
  package func backward(
    _ outputGradient: Tensor<Scalar>, through pass: ReferencePass<Scalar>,
    observe: (String, Tensor<Scalar>) -> Void = { _, _ in }
  ) throws(NetworkError) -> Gradients<Scalar> {
    guard outputGradient.shape == pass.output.shape else {
      throw .unfitInput(
        node: "output", expected: "a gradient of shape \(pass.output.shape)", given: [outputGradient.shape])
    }
    let scope = pass.scope
    let isReached = reached(by: scope)
    var parameters: [String: Tensor<Scalar>] = [:]
    var gradients: [Network.Value: Tensor<Scalar>] = [network.output: outputGradient]
    for (index, node) in network.nodes.enumerated().reversed() where isReached.contains(.node(index)) {
      // A node that nothing on the way to the output reads has none.
      guard let gradient = gradients.removeValue(forKey: .node(index)) else { continue }
      observe(node.name, gradient)
      let backward = ReferenceBackward(
        weights: pass.weights, needsInput: node.inputs.contains { isReached.contains($0) })
      let result = backward.apply(
        node, gradient: gradient, inputs: node.inputs.map { $0.pick(from: pass.values, input: pass.input) },
        value: pass.values[index], trace: pass.traces[index])
      parameters.merge(result.parameters.filter { scope.parameters.contains($0.key) }) { first, _ in first }
      for (source, gradient) in zip(node.inputs, result.inputs) where isReached.contains(source) {
        gradients[source] = gradients[source].map { ReferenceLayers.add($0, gradient) } ?? gradient
      }
    }
    for parameter in network.parameters where scope.parameters.contains(parameter.name) {
      parameters[parameter.name] = parameters[parameter.name] ?? Tensor(repeating: 0, parameter.shape)
    }
    let input = gradients[.input] ?? Tensor(repeating: 0, pass.input.shape)
    return Gradients(parameters: parameters, input: scope.includesInput ? input : nil)
  }

  /// The values that depend on something in the scope: backward goes no further.
  private func reached(by scope: TrainingScope) -> Set<Network.Value> {
    var reached: Set<Network.Value> = scope.includesInput ? [.input] : []
    for (index, node) in network.nodes.enumerated() {
      let isTrained = node.layer.parameters(prefix: node.name).contains { scope.parameters.contains($0.name) }
      if isTrained || node.inputs.contains(where: { reached.contains($0) }) { reached.insert(.node(index)) }
    }
    return reached
  }
}

/// A loss's gradients.
package struct Gradients<Scalar: ReferenceScalar>: Sendable {
  /// Of every parameter in the scope, by name, in the parameter's shape; 0 where the output does not depend on it.
  package let parameters: [String: Tensor<Scalar>]

  /// Of the network's input, in its shape, where the scope asks for it.
  package let input: Tensor<Scalar>?

  package init(parameters: [String: Tensor<Scalar>], input: Tensor<Scalar>?) {
    (self.parameters, self.input) = (parameters, input)
  }
}
