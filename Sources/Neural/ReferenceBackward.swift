internal import Tensors

/// Takes the gradient at a node's value back to its inputs and parameters.
struct ReferenceBackward<Scalar: ReferenceScalar> {
  typealias Rules = ReferenceGradients<Scalar>

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
    case (.attention(let layer), .attended(let trace)): return attention(gradient, x: x, layer, trace, prefix: name)
    case (.softmax, _): return Result(inputs: [Rules.softmax(gradient, y: value)])
    case (.batchNorm, _), (.attention, _):
      preconditionFailure("the forward pass keeps a trace for \(name)")
    }
  }

  func batchNorm(
    _ dy: Tensor<Scalar>, x: Tensor<Scalar>, _ norm: NormTrace<Scalar>, prefix: String
  ) -> Result {
    let result = Rules.batchNorm(
      dy, x: x, scale: weights["\(prefix).weight"]!, mean: norm.mean, variance: norm.variance, ofBatch: norm.ofBatch)
    return Result(
      inputs: [result.input], parameters: ["\(prefix).weight": result.scale, "\(prefix).bias": result.shift])
  }

  func linear(_ dy: Tensor<Scalar>, x: Tensor<Scalar>, prefix: String) -> Result {
    let result = Rules.linear(dy, x: x, weight: weights["\(prefix).weight"]!)
    return Result(
      inputs: [result.input], parameters: ["\(prefix).weight": result.weight, "\(prefix).bias": result.bias])
  }
}
