package import Tensors

/// How a network's parameters are drawn; see `Weights.seeded`.
package enum Initialization: Hashable, Sendable {
  /// For training: weights of convolutions and linear layers from He's normal distribution (standard deviation
  /// √(2/fan-in)), biases 0, batch norm γ 1, β 0, mean 0, variance 1. With `pretrainedTrunk` the shrinkage blocks' last
  /// bias is −2, so that thresholds start small (sigmoid(−2) ≈ 0.12) and spare what the trunk has learned.
  case training(pretrainedTrunk: Bool)

  /// For tests and goldens: as above, but every parameter away from its neutral value, so that an implementation that
  /// drops or swaps one gives another answer. With n standard normal: biases, β and means 0.1·n, γ 1 + 0.1·n,
  /// variance 1 + 0.1·|n|.
  case varied
}

extension Weights {
  /// The parameters of `network` drawn from `seed`: the same bits on every machine and in any order of drawing.
  package static func seeded(
    for network: Network, seed: UInt64, _ initialization: Initialization = .training(pretrainedTrunk: false)
  ) -> Weights {
    Weights(
      uniqueKeysWithValues: network.parameters.map { ($0.name, $0.drawn(seed: seed, initialization)) })
  }
}

extension Parameter {
  /// This parameter's values under `seed`.
  package func drawn(seed: UInt64, _ initialization: Initialization) -> Tensor<Float> {
    let generator = HashNormal(seed: seed, stream: name)
    switch (role, initialization) {
    case (.weight(let fanIn), _):
      return generator.tensor(shape, deviation: (2 / Double(max(1, fanIn))).squareRoot())
    case (.scale, .training), (.runningVariance, .training): return Tensor(repeating: 1, shape)
    case (.thresholdBias, .training(pretrainedTrunk: true)): return Tensor(repeating: -2, shape)
    case (_, .training): return Tensor(repeating: 0, shape)
    case (.scale, .varied):
      return Tensor(shape, generator.tensor(shape, deviation: 0.1).elements.map { 1 + $0 })
    case (.runningVariance, .varied):
      return Tensor(shape, generator.tensor(shape, deviation: 0.1).elements.map { 1 + abs($0) })
    case (_, .varied): return generator.tensor(shape, deviation: 0.1)
    }
  }
}
