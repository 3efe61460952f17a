package import Tensors

/// What one node of a network costs for one sample.
package struct LayerCost: Hashable, Sendable {
  package let name: String
  /// What the node does, for people, such as `convolution 3×3, stride 2`.
  package let kind: String
  /// The value's shape for a batch of one.
  package let output: Shape
  /// Trainable numbers; running statistics are not counted, as is usual.
  package let parameters: Int
  /// Multiply-adds of convolutions and linear layers, the attention blocks' included. Additions, activations, norms
  /// and pooling are left out, as in the figures networks are usually compared by.
  package let multiplyAdds: Int
  /// What `multiplyAdds` leaves out.
  package let elementwise: ElementwiseOperations
}

extension Network {
  /// Each node's cost, in order.
  package func costs() throws(NetworkError) -> [LayerCost] {
    let shapes = try shapes(batch: 1)
    let input = Shape([1] + inputShape.dimensions)
    return zip(nodes, shapes).map { node, output in
      let given =
        switch node.inputs.first {
        case .node(let index): shapes[index]
        case .input, nil: input
        }
      let parameters = node.layer.parameters(prefix: node.name).filter(\.isTrainable)
      return LayerCost(
        name: node.name, kind: node.layer.summary, output: output,
        parameters: parameters.reduce(0) { $0 + $1.shape.count },
        multiplyAdds: node.layer.multiplyAdds(output: output),
        elementwise: ElementwiseOperations(of: node.layer, input: given, output: output))
    }
  }
}

extension [LayerCost] {
  package var parameters: Int { reduce(0) { $0 + $1.parameters } }
  package var multiplyAdds: Int { reduce(0) { $0 + $1.multiplyAdds } }
  package var elementwise: ElementwiseOperations { reduce(into: ElementwiseOperations()) { $0 += $1.elementwise } }
}

extension Layer {
  fileprivate func multiplyAdds(output: Shape) -> Int {
    switch self {
    case .convolution(let c): output.count * c.input * c.kernel * c.kernel
    case .linear(let input, let output): input * output
    case .shrinkage(let channels): 2 * channels * channels
    case .squeezeExcite(let channels, let hidden): 2 * channels * hidden
    case .batchNorm, .relu, .maxPool, .globalAveragePool, .add, .softmax: 0
    }
  }

  /// What the layer does, in a few words.
  package var summary: String {
    switch self {
    case .convolution(let c):
      "convolution \(c.kernel)×\(c.kernel)" + (c.stride > 1 ? ", stride \(c.stride)" : "")
    case .batchNorm: "batch norm"
    case .relu: "ReLU"
    case .maxPool(let window): "max pool \(window.kernel)×\(window.kernel), stride \(window.stride)"
    case .globalAveragePool: "mean over positions"
    case .linear: "linear"
    case .add: "sum"
    case .shrinkage: "shrinkage"
    case .squeezeExcite(_, let hidden): "squeeze-excite, \(hidden) inside"
    case .softmax: "softmax"
    }
  }
}
