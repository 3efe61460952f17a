package import Tensors

/// Runs a network layer by layer in plain Swift, on inputs of any size the layers allow. Slow (seconds for VGG16 at
/// full size) and simple; every other backend is judged by it.
package struct ReferenceBackend<Scalar: ReferenceScalar>: Sendable {
  /// Computes a convolution from input, weight and bias.
  package typealias Convolve = (Tensor<Scalar>, Tensor<Scalar>, Tensor<Scalar>?, Convolution) throws -> Tensor<Scalar>

  package let network: Network
  private let weights: [String: Tensor<Scalar>]

  /// Throws unless `weights` are exactly those of `network`.
  package init(_ network: Network, weights: Weights) throws(NetworkError) {
    try network.validate(weights)
    self.network = network
    self.weights = weights.mapValues { $0.converted() }
  }

  /// The network's output for `[N, C, H, W]`. `observe` is given every node's name and value as it is computed.
  package func run(
    _ input: Tensor<Scalar>, observe: (String, Tensor<Scalar>) -> Void = { _, _ in }
  ) throws(NetworkError) -> Tensor<Scalar> {
    try network.validate(input: input.shape)
    var forward = ReferenceForward(weights: weights, batchNorms: [])
    return evaluate(input) { node, inputs in
      let (value, _) = forward.apply(network.nodes[node], to: inputs)
      observe(network.nodes[node].name, value)
      return value
    }
  }

  /// Runs the network with the batch's own statistics in its batch norms and returns them with the output.
  ///
  /// - Parameters:
  ///   - batchNorms: the prefixes of those measured, every one by default; the others keep their running statistics.
  ///   - convolve: may stand in for the plain convolution, so that a fast backend measures full-size networks.
  package func measureBatchNorm(
    _ input: Tensor<Scalar>, of batchNorms: Set<String>? = nil, convolve: Convolve? = nil
  ) throws -> BatchNormMeasurement {
    try network.validate(input: input.shape)
    var forward = ReferenceForward(weights: weights, batchNorms: batchNorms ?? Set(network.batchNorms))
    let output = try evaluate(input) { node, inputs in
      let node = network.nodes[node]
      if case .convolution(let convolution) = node.layer, let convolve {
        return try convolve(inputs[0], weights["\(node.name).weight"]!, weights["\(node.name).bias"], convolution)
      }
      return forward.apply(node, to: inputs).0
    }
    let statistics = forward.statistics.mapValues {
      (mean: $0.mean.converted(to: Float.self), variance: $0.variance.converted(to: Float.self), count: $0.count)
    }
    return BatchNormMeasurement(statistics: statistics, output: output.converted())
  }

  /// One node's value from its inputs, whose shapes must fit.
  package func apply(node index: Int, _ inputs: [Tensor<Scalar>]) -> Tensor<Scalar> {
    var forward = ReferenceForward(weights: weights, batchNorms: [])
    return forward.apply(network.nodes[index], to: inputs).0
  }

  /// Computes every node in order and drops each value after its last reader.
  private func evaluate<Failure: Error>(
    _ input: Tensor<Scalar>, _ body: (Int, [Tensor<Scalar>]) throws(Failure) -> Tensor<Scalar>
  ) throws(Failure) -> Tensor<Scalar> {
    var lastReader: [Network.Value: Int] = [:]
    for (index, node) in network.nodes.enumerated() { for value in node.inputs { lastReader[value] = index } }
    var values: [Network.Value: Tensor<Scalar>] = [.input: input]
    for (index, node) in network.nodes.enumerated() {
      values[.node(index)] = try body(index, node.inputs.map { values[$0]! })
      for value in node.inputs where lastReader[value] == index { values[value] = nil }
    }
    return values[network.output] ?? input
  }
}
