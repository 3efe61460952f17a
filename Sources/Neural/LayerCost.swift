package import Tensors

/// What one node of a network costs for one sample.
package struct LayerCost: Hashable, Sendable {
  package let name: String
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
    zip(nodes, try shapes(batch: 1)).map { node, shape in
      let parameters = node.layer.parameters(prefix: node.name).filter(\.isTrainable)
      let multiplyAdds =
        switch node.layer {
        case .convolution(let c): shape.count * c.input * c.kernel * c.kernel
        case .linear(let input, let output): input * output
        case .shrinkage(let channels): 2 * channels * channels
        case .squeezeExcite(let channels, let hidden): 2 * channels * hidden
        case .batchNorm, .relu, .maxPool, .globalAveragePool, .add, .softmax: 0
        }
      return LayerCost(
        name: node.name, output: shape, parameters: parameters.reduce(0) { $0 + $1.shape.count },
        multiplyAdds: multiplyAdds)
    }
  }
}
