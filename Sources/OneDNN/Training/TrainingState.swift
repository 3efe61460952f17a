package import Neural
package import Tensors

/// A training session's state as values: what a checkpoint holds. Written to a file and read back without loss, it lets
/// a session go on with the same bits.
package struct TrainingState: Sendable, Equatable {
  /// The name of the centres among a session's parameters; no network has a parameter without a dot in its name.
  package static let centersName = "centers"

  /// Every tensor of the network, running statistics included.
  package var weights: Weights
  /// `[K, K]`, where the session has centres.
  package var centers: Tensor<Float>?
  /// The rule of the moments; nil before the first step.
  package var rule: Optimizer.Rule?
  /// `rule.momentCount` times a tensor for each trainable parameter, in its shape; the centres' by `centersName`.
  package var moments: [Weights]
  /// How often each parameter was updated; those never updated need no entry.
  package var updates: [String: Int]

  package init(
    weights: Weights, centers: Tensor<Float>? = nil, rule: Optimizer.Rule? = nil, moments: [Weights] = [],
    updates: [String: Int] = [:]
  ) {
    (self.weights, self.centers) = (weights, centers)
    (self.rule, self.moments, self.updates) = (rule, moments, updates)
  }

  /// The flat layout of a session of `network` in this state; throws unless the state is one of that network's.
  func layout(for network: Network) throws(NetworkError) -> ParameterLayout {
    try network.validate(weights)
    var parameters = network.parameters
    if let centers {
      let classes = try network.outputShape(batch: 1)[1]
      guard centers.shape == [classes, classes] else {
        throw .misshapenParameter(name: Self.centersName, expected: [classes, classes], given: centers.shape)
      }
      parameters.append(Parameter(name: Self.centersName, shape: centers.shape, role: .bias))
    }
    let layout = ParameterLayout(parameters)
    let names = Set(layout.trainable.map(\.name))
    let unknown = Set(updates.keys).union(moments.flatMap(\.keys)).subtracting(names)
    guard unknown.isEmpty else { throw .unknownNames(network: network.name, names: unknown.sorted()) }
    guard moments.count == rule?.momentCount ?? 0 else {
      throw .invalidParameter(name: "moments", reason: "number \(moments.count), not \(rule?.momentCount ?? 0)")
    }
    for moment in moments {
      let missing = names.subtracting(moment.keys)
      guard missing.isEmpty else { throw .missingParameters(network: network.name, names: missing.sorted()) }
      for (name, tensor) in moment {
        guard let view = layout[name], view.shape == tensor.shape else {
          throw .misshapenParameter(name: name, expected: layout[name]?.shape ?? [0], given: tensor.shape)
        }
      }
    }
    return layout
  }
}
