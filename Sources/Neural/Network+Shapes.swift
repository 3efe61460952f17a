package import Tensors

extension Network {
  /// The shape of every node's value for a batch of `batch` samples, in node order; throws where layers do not fit.
  package func shapes(batch: Int) throws(NetworkError) -> [Shape] {
    let input = Shape([batch] + inputShape.dimensions)
    var shapes: [Shape] = []
    for node in nodes {
      let given = node.inputs.map { $0.pick(from: shapes, input: input) }
      shapes.append(try node.layer.outputShape(of: given, node: node.name))
    }
    return shapes
  }

  /// Throws unless the network takes an input of that shape, `[N, C, H, W]` with H and W of its choice.
  package func validate(input: Shape) throws(NetworkError) {
    guard input.rank == 4, input[1] == inputShape[0] else {
      throw .unfitInput(node: "input", expected: "[N, \(inputShape[0]), H, W]", given: [input])
    }
    _ = try resized(height: input[2], width: input[3]).shapes(batch: input[0])
  }

  /// The shape of the network's output for a batch of `batch` samples.
  package func outputShape(batch: Int) throws(NetworkError) -> Shape {
    try shapes(batch: batch).last ?? Shape([batch] + inputShape.dimensions)
  }
}

extension Layer {
  /// The shape this layer makes of its inputs; `node` names it in errors.
  package func outputShape(of inputs: [Shape], node: String) throws(NetworkError) -> Shape {
    func unfit(_ expected: String) -> NetworkError { .unfitInput(node: node, expected: expected, given: inputs) }
    if case .add = self {
      guard inputs.count == 2, inputs[0] == inputs[1] else { throw unfit("two tensors of one shape") }
      return inputs[0]
    }
    guard inputs.count == 1, let input = inputs.first else { throw unfit("one tensor") }
    switch self {
    case .convolution(let convolution):
      guard input.rank == 4, input[1] == convolution.input else { throw unfit("[N, \(convolution.input), H, W]") }
      return try Self.slide(convolution.window, over: input, channels: convolution.output, node: node)
    case .maxPool(let window):
      guard input.rank == 4 else { throw unfit("[N, C, H, W]") }
      return try Self.slide(window, over: input, channels: input[1], node: node)
    case .batchNorm(let channels):
      guard input.rank == 4 || input.rank == 2, input[1] == channels else { throw unfit("[N, \(channels), …]") }
      return input
    case .attention(let attention):
      guard input.rank == 4, input[1] == attention.channels else { throw unfit("[N, \(attention.channels), H, W]") }
      return input
    case .globalAveragePool:
      guard input.rank == 4, input[2] * input[3] > 0 else { throw unfit("[N, C, H, W]") }
      return [input[0], input[1]]
    case .linear(let width, let output):
      guard input.rank == 2, input[1] == width else { throw unfit("[N, \(width)]") }
      return [input[0], output]
    case .softmax:
      guard input.rank == 2, input[1] > 0 else { throw unfit("[N, K]") }
      return input
    case .relu, .add:
      return input
    }
  }

  private static func slide(
    _ window: Window, over input: Shape, channels: Int, node: String
  ) throws(NetworkError) -> Shape {
    guard let height = window.positions(along: input[2]), let width = window.positions(along: input[3]) else {
      throw .tooSmall(node: node, input: input)
    }
    return [input[0], channels, height, width]
  }
}
