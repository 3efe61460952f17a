package import Neural
import Tensors

/// Which family of features carried a decision, and where the network's thresholds stood.
///
/// It says what this network's answer hung on, not what is true of a face: families interact, so the changes do not add
/// up, and without a trained network they mean nothing.
package struct Explanation: Sendable, Hashable {
  /// The answer without one family.
  package struct Drop: Sendable, Hashable {
    package let family: FeatureFamily
    /// In the order of the model's labels.
    package let probabilities: [Double]
    /// The place of the most probable label without the family; of equals, the first.
    package let label: Int
    /// How much the probability of the label that wins with all families changed, −1…1; below zero where the family
    /// spoke for it.
    package let change: Double
  }

  /// The thresholds of a network's stage, `layer1` and so on.
  package struct StageThreshold: Sendable, Hashable {
    package let stage: String
    /// τ over the stage's channels and blocks, for this picture.
    package let mean: Double
    /// How many thresholds the mean is over.
    package let count: Int
  }

  /// The place of the label that wins with all families.
  package let label: Int
  /// One for each family the layout reads, in their order; empty for a layout without families.
  package let drops: [Drop]
  /// Empty for a network without shrinkage.
  package let thresholds: [StageThreshold]

  /// The family without which the winning label loses most; nil where every drop leaves it as probable or more.
  package var carrier: FeatureFamily? {
    drops.filter { $0.change < 0 }.min { $0.change < $1.change }?.family
  }
}

extension Explanation.StageThreshold {
  /// What a network's shrinkage nodes are asked for: their thresholds, by the tap's name.
  package static func taps(of network: Network) -> [String] {
    network.nodes.compactMap { node in
      node.layer.attention?.action == .shrinking ? node.decisionName : nil
    }
  }

  /// The mean of each stage, in the network's order; stages are told by what stands before a name's first dot.
  static func means(_ values: [String: Tensor<Float>], of network: Network) -> [Explanation.StageThreshold] {
    var stages: [(name: String, sum: Double, count: Int)] = []
    for tap in taps(of: network) {
      guard let thresholds = values[tap] else { continue }
      let stage = String(tap.prefix { $0 != "." })
      if stages.last?.name != stage { stages.append((stage, 0, 0)) }
      for threshold in thresholds.elements { stages[stages.count - 1].sum += Double(threshold) }
      stages[stages.count - 1].count += thresholds.count
    }
    return stages.map {
      Explanation.StageThreshold(stage: $0.name, mean: $0.sum / Double(max(1, $0.count)), count: $0.count)
    }
  }
}
