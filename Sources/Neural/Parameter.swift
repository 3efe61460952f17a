package import Tensors

/// One tensor a network needs: its name, its shape and what it is for.
package struct Parameter: Hashable, Sendable {
  package enum Role: Hashable, Sendable {
    /// A convolution's or linear layer's weight; each output sums `fanIn` products.
    case weight(fanIn: Int)
    case bias
    /// Batch norm's γ.
    case scale
    /// Batch norm's β.
    case shift
    case runningMean
    case runningVariance
    /// The bias of the shrinkage block's last linear layer, which sets where thresholds start.
    case thresholdBias
  }

  package let name: String
  package let shape: Shape
  package let role: Role

  package init(name: String, shape: Shape, role: Role) { (self.name, self.shape, self.role) = (name, shape, role) }

  /// Whether training changes it by gradient; the running statistics follow the batches instead.
  package var isTrainable: Bool { role != .runningMean && role != .runningVariance }
}

extension Network {
  /// Every tensor the network needs, in layer order.
  package var parameters: [Parameter] { nodes.flatMap { $0.layer.parameters(prefix: $0.name) } }

  /// Throws unless `weights` are exactly this network's: every tensor there, none besides, each in its shape.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package func validate<Scalar: TensorScalar>(_ weights: [String: Tensor<Scalar>]) throws(NetworkError) {
    let parameters = parameters
    let missing = parameters.map(\.name).filter { weights[$0] == nil }
    guard missing.isEmpty else { throw .missingParameters(network: name, names: missing) }
    let known = Set(parameters.map(\.name))
    let unexpected = weights.keys.filter { !known.contains($0) }.sorted()
    guard unexpected.isEmpty else { throw .unexpectedParameters(network: name, names: unexpected) }
    for parameter in parameters {
      guard let tensor = weights[parameter.name] else { continue }
      guard tensor.shape == parameter.shape else {
        throw .misshapenParameter(name: parameter.name, expected: parameter.shape, given: tensor.shape)
      }
      // A sum is finite only if all terms are, and costs one pass over memory that is read next anyway. Terms that
      // are finite but overflow their sum are no weights either.
      let sum = tensor.withUnsafeBufferPointer { $0.reduce(0, +) }
      guard sum.isFinite else { throw .invalidParameter(name: parameter.name, reason: "holds NaN or infinity") }
      if parameter.role == .runningVariance, tensor.withUnsafeBufferPointer({ $0.contains { $0 < 0 } }) {
        throw .invalidParameter(name: parameter.name, reason: "holds a variance below zero")
      }
    }
  }
}

extension Layer {
  /// The tensors of a layer whose node is named `prefix`.
  package func parameters(prefix: String) -> [Parameter] {
    switch self {
    case .convolution(let c):
      let shape: Shape = [c.output, c.input, c.kernel, c.kernel]
      let role = Parameter.Role.weight(fanIn: c.input * c.kernel * c.kernel)
      let weight = Parameter(name: "\(prefix).weight", shape: shape, role: role)
      return c.hasBias ? [weight, Parameter(name: "\(prefix).bias", shape: [c.output], role: .bias)] : [weight]
    case .batchNorm(let channels):
      return Self.batchNormParameters(prefix, channels)
    case .linear(let input, let output):
      return Self.linearParameters(prefix, input, output)
    case .attention(let attention):
      return attention.parameters(prefix: prefix)
    case .relu, .maxPool, .globalAveragePool, .add, .softmax:
      return []
    }
  }

  static func linearParameters(
    _ prefix: String, _ input: Int, _ output: Int, bias: Parameter.Role = .bias
  ) -> [Parameter] {
    [
      Parameter(name: "\(prefix).weight", shape: [output, input], role: .weight(fanIn: input)),
      Parameter(name: "\(prefix).bias", shape: [output], role: bias),
    ]
  }

  static func batchNormParameters(_ prefix: String, _ channels: Int) -> [Parameter] {
    let roles: [(String, Parameter.Role)] = [
      ("weight", .scale), ("bias", .shift), ("running_mean", .runningMean), ("running_var", .runningVariance),
    ]
    return roles.map { Parameter(name: "\(prefix).\($0.0)", shape: [channels], role: $0.1) }
  }
}
