package import Neural
package import Tensors

/// A network's weights before training: what a pretrained file gives, and the rest drawn from a seed.
package struct PretrainedWeights: Sendable {
  /// A parameter that no file gave.
  package struct New: Sendable, Hashable {
    package let parameter: Parameter
    /// How it starts, for people.
    package let start: String
  }

  package let weights: Weights
  /// In layer order.
  package let new: [New]
  /// The batch norms none of whose parameters were imported, by prefix: only their statistics may be measured.
  package let newBatchNorms: Set<String>

  /// - Parameters:
  ///   - network: the network to fill.
  ///   - trunk: imported parameters by the network's own names; the ones it does not have are left out.
  ///   - seed: of everything else, which starts as for training on a pretrained trunk.
  package init(filling network: Network, from trunk: Weights, seed: UInt64) {
    var weights: Weights = [:]
    var new: [New] = []
    for parameter in network.parameters {
      if let given = trunk[parameter.name], given.shape == parameter.shape {
        weights[parameter.name] = given
      } else {
        weights[parameter.name] = parameter.drawn(seed: seed, .training(pretrainedTrunk: true))
        new.append(New(parameter: parameter, start: Self.start(of: parameter)))
      }
    }
    self.weights = weights
    self.new = new
    let drawn = Set(new.map(\.parameter.name))
    newBatchNorms = Set(network.batchNorms.filter { drawn.contains("\($0).running_mean") })
  }

  private static func start(of parameter: Parameter) -> String {
    switch parameter.role {
    case .weight(let fanIn): "normal, deviation √(2/\(fanIn))"
    case .bias, .shift: "0"
    case .scale: "1"
    case .runningMean, .runningVariance: "measured on rendered faces"
    case .thresholdBias: "−2"
    }
  }
}
