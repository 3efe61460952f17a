package import Tensors

/// Runs a network layer by layer in plain Swift, on inputs of any size the layers allow. Slow (seconds for VGG16 at full
/// size) and simple; every other backend is judged by it.
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
    return evaluate(input) { node, inputs in
      let value = apply(node: node, inputs)
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
    var statistics: [String: BatchNormStatistics] = [:]
    func isMeasured(_ prefix: String) -> Bool { batchNorms?.contains(prefix) ?? true }
    let output = try evaluate(input) { node, inputs in
      let name = network.nodes[node].name
      switch network.nodes[node].layer {
      case .convolution(let convolution):
        guard let convolve else { return apply(node: node, inputs) }
        return try convolve(inputs[0], self["\(name).weight"], weights["\(name).bias"], convolution)
      case .batchNorm where isMeasured(name):
        return normalize(inputs[0], prefix: name, recording: &statistics)
      case .shrinkage where isMeasured("\(name).bn"):
        return shrink(inputs[0], prefix: name) { normalize($0, prefix: "\(name).bn", recording: &statistics) }
      default:
        return apply(node: node, inputs)
      }
    }
    return BatchNormMeasurement(statistics: statistics, output: output.converted())
  }

  /// One node's value from its inputs, whose shapes must fit.
  package func apply(node index: Int, _ inputs: [Tensor<Scalar>]) -> Tensor<Scalar> {
    typealias Layers = ReferenceLayers<Scalar>
    let (name, x) = (network.nodes[index].name, inputs[0])
    switch network.nodes[index].layer {
    case .convolution(let convolution):
      return Layers.convolution(x, weight: self["\(name).weight"], bias: weights["\(name).bias"], convolution)
    case .batchNorm: return batchNorm(x, prefix: name)
    case .relu: return Layers.relu(x)
    case .maxPool(let window): return Layers.maxPool(x, window)
    case .globalAveragePool: return Layers.averages(x)
    case .linear: return linear(x, prefix: name)
    case .add: return Layers.add(x, inputs[1])
    case .shrinkage: return shrink(x, prefix: name) { batchNorm($0, prefix: "\(name).bn") }
    case .squeezeExcite:
      let hidden = Layers.relu(linear(Layers.averages(x), prefix: "\(name).fc1"))
      return Layers.scale(x, gates: Layers.sigmoid(linear(hidden, prefix: "\(name).fc2")))
    case .softmax: return Layers.softmax(x)
    }
  }

  private func shrink(
    _ x: Tensor<Scalar>, prefix: String, normalize: (Tensor<Scalar>) -> Tensor<Scalar>
  ) -> Tensor<Scalar> {
    typealias Layers = ReferenceLayers<Scalar>
    let average = Layers.averages(x, absolute: true)
    let hidden = Layers.relu(normalize(linear(average, prefix: "\(prefix).fc1")))
    let alpha = Layers.sigmoid(linear(hidden, prefix: "\(prefix).fc2"))
    let elements = zip(alpha.elements, average.elements).map { $0 * $1 }
    return Layers.softThreshold(x, thresholds: Tensor(average.shape, elements))
  }

  private func normalize(
    _ x: Tensor<Scalar>, prefix: String, recording statistics: inout [String: BatchNormStatistics]
  ) -> Tensor<Scalar> {
    let measured = ReferenceLayers<Scalar>.statistics(x)
    statistics[prefix] = BatchNormStatistics(
      mean: measured.mean.converted(), variance: measured.variance.converted(), count: measured.count)
    return batchNorm(x, prefix: prefix, mean: measured.mean, variance: measured.variance)
  }

  private func batchNorm(
    _ x: Tensor<Scalar>, prefix: String, mean: Tensor<Scalar>? = nil, variance: Tensor<Scalar>? = nil
  ) -> Tensor<Scalar> {
    ReferenceLayers.batchNorm(
      x, scale: self["\(prefix).weight"], shift: self["\(prefix).bias"], mean: mean ?? self["\(prefix).running_mean"],
      variance: variance ?? self["\(prefix).running_var"])
  }

  private func linear(_ x: Tensor<Scalar>, prefix: String) -> Tensor<Scalar> {
    ReferenceLayers.linear(x, weight: self["\(prefix).weight"], bias: self["\(prefix).bias"])
  }

  /// A parameter, which is there because the initializer has validated the weights.
  private subscript(_ name: String) -> Tensor<Scalar> { weights[name]! }

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
