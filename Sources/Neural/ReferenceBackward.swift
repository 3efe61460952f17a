internal import Tensors

/// Takes the gradient at a node's value back to its inputs and parameters.
struct ReferenceBackward<Scalar: ReferenceScalar> {
  private typealias Rules = ReferenceGradients<Scalar>

  struct Result {
    /// In the order of the node's inputs; empty where none was needed.
    var inputs: [Tensor<Scalar>] = []
    /// By parameter name.
    var parameters: [String: Tensor<Scalar>] = [:]
  }

  let weights: [String: Tensor<Scalar>]
  /// Whether the gradients at the inputs are wanted; they cost as much as the parameters'.
  let needsInput: Bool

  func apply(
    _ node: Network.Node, gradient: Tensor<Scalar>, inputs: [Tensor<Scalar>], value: Tensor<Scalar>,
    trace: LayerTrace<Scalar>
  ) -> Result {
    let (name, x) = (node.name, inputs[0])
    switch (node.layer, trace) {
    case (.convolution(let convolution), _):
      var result = Result()
      result.parameters["\(name).weight"] = Rules.convolutionWeight(gradient, x: x, convolution)
      if convolution.hasBias { result.parameters["\(name).bias"] = Rules.channelSums(gradient) }
      if needsInput {
        let weight = weights["\(name).weight"]!
        result.inputs = [Rules.convolutionInput(gradient, weight: weight, input: x.shape, convolution)]
      }
      return result
    case (.batchNorm, .normalized(let norm)): return batchNorm(gradient, x: x, norm, prefix: name)
    case (.relu, _): return Result(inputs: [Rules.relu(gradient, x: x)])
    case (.maxPool(let window), _): return Result(inputs: [Rules.maxPool(gradient, x: x, window)])
    case (.globalAveragePool, _): return Result(inputs: [Rules.averages(gradient, x: x)])
    case (.linear, _): return linear(gradient, x: x, prefix: name)
    case (.add, _): return Result(inputs: [gradient, gradient])
    case (.shrinkage, .shrunk(let trace)): return shrinkage(gradient, x: x, trace, prefix: name)
    case (.squeezeExcite, .excited(let trace)): return squeezeExcite(gradient, x: x, trace, prefix: name)
    case (.softmax, _): return Result(inputs: [Rules.softmax(gradient, y: value)])
    case (.batchNorm, _), (.shrinkage, _), (.squeezeExcite, _):
      preconditionFailure("the forward pass keeps a trace for \(name)")
    }
  }

  private func batchNorm(
    _ dy: Tensor<Scalar>, x: Tensor<Scalar>, _ norm: NormTrace<Scalar>, prefix: String
  ) -> Result {
    let result = Rules.batchNorm(
      dy, x: x, scale: weights["\(prefix).weight"]!, mean: norm.mean, variance: norm.variance, ofBatch: norm.ofBatch)
    return Result(
      inputs: [result.input], parameters: ["\(prefix).weight": result.scale, "\(prefix).bias": result.shift])
  }

  private func linear(_ dy: Tensor<Scalar>, x: Tensor<Scalar>, prefix: String) -> Result {
    let result = Rules.linear(dy, x: x, weight: weights["\(prefix).weight"]!)
    return Result(
      inputs: [result.input], parameters: ["\(prefix).weight": result.weight, "\(prefix).bias": result.bias])
  }

  /// x acts three ways: directly where it exceeds its threshold, through the mean of |x| that the threshold scales, and
  /// through that mean again as what α is computed from.
  private func shrinkage(
    _ dy: Tensor<Scalar>, x: Tensor<Scalar>, _ trace: ShrinkageTrace<Scalar>, prefix: String
  ) -> Result {
    let direct = Rules.softThreshold(dy, x: x, thresholds: trace.thresholds)
    let alpha = Rules.product(direct.thresholds, trace.average)
    let second = linear(
      Rules.sigmoid(alpha, y: trace.alpha), x: ReferenceLayers.relu(trace.normalized), prefix: "\(prefix).fc2")
    let norm = batchNorm(
      Rules.relu(second.inputs[0], x: trace.normalized), x: trace.projected, trace.norm, prefix: "\(prefix).bn")
    let first = linear(norm.inputs[0], x: trace.average, prefix: "\(prefix).fc1")
    let average = ReferenceLayers.add(first.inputs[0], Rules.product(direct.thresholds, trace.alpha))
    let throughAverage = Rules.averages(average, x: x, absolute: true)
    return gathered(ReferenceLayers.add(direct.input, throughAverage), [first, norm, second])
  }

  /// x acts directly, scaled by its gate, and through its mean on the gate.
  private func squeezeExcite(
    _ dy: Tensor<Scalar>, x: Tensor<Scalar>, _ trace: ExcitationTrace<Scalar>, prefix: String
  ) -> Result {
    let direct = Rules.scale(dy, x: x, gates: trace.gates)
    let second = linear(
      Rules.sigmoid(direct.gates, y: trace.gates), x: ReferenceLayers.relu(trace.projected), prefix: "\(prefix).fc2")
    let first = linear(
      Rules.relu(second.inputs[0], x: trace.projected), x: trace.average, prefix: "\(prefix).fc1")
    let throughAverage = Rules.averages(first.inputs[0], x: x)
    return gathered(ReferenceLayers.add(direct.input, throughAverage), [first, second])
  }

  private func gathered(_ input: Tensor<Scalar>, _ parts: [Result]) -> Result {
    var result = Result(inputs: [input])
    for part in parts { result.parameters.merge(part.parameters) { first, _ in first } }
    return result
  }
}
