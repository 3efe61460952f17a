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
}

extension Network {
  /// Each node's cost, in order.
  package func costs() throws(NetworkError) -> [LayerCost] {
    zip(nodes, try shapes(batch: 1)).map { node, output in
      let parameters = node.layer.parameters(prefix: node.name).filter(\.isTrainable)
      return LayerCost(
        name: node.name, kind: node.layer.summary, output: output,
        parameters: parameters.reduce(0) { $0 + $1.shape.count },
        multiplyAdds: node.layer.multiplyAdds(output: output))
    }
  }
}

extension [LayerCost] {
  package var parameters: Int { reduce(0) { $0 + $1.parameters } }
  package var multiplyAdds: Int { reduce(0) { $0 + $1.multiplyAdds } }
}

extension Layer {
  fileprivate func multiplyAdds(output: Shape) -> Int {
    switch self {
    case .convolution(let c): output.count * c.input * c.kernel * c.kernel
    case .linear(let input, let output): input * output
    case .attention(let attention): attention.multiplyAdds
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
    case .attention(let attention): attention.summary
    case .softmax: "softmax"
    }
  }
}
