package import Neural
internal import Tensors

/// What a count of a network's work may mean. The paper's Table 7 prints "FLOPs" and does not say which.
package enum CountingConvention: String, CaseIterable, Sendable {
  /// Multiply-adds of convolutions and linear layers, six classes: Lectern's figure.
  case multiplyAdds = "multiply_adds"
  /// The same with ImageNet's 1000 classes, as published networks are counted.
  case thousandClasses = "multiply_adds_1000_classes"
  /// And every other operation: biases, batch norms as scale and shift, activations, pooling, sums, attention.
  case everyOperation = "every_operation"
  /// The same with a batch norm's four operations an element.
  case unfoldedNorms = "every_operation_unfolded_norms"
  /// Multiplications and additions apart, which is what "FLOPs" says when taken literally.
  case literal = "multiplications_and_additions"

  package var title: String {
    switch self {
    case .multiplyAdds: "multiply-adds of convolutions and linear layers, 6 classes"
    case .thousandClasses: "  with ImageNet's 1000 classes"
    case .everyOperation: "  and all element by element: norms (2 each), ReLU, pooling, sums"
    case .unfoldedNorms: "  and norms as 4 operations each"
    case .literal: "  and each multiply-add as 2"
    }
  }

  /// The count of full-size ResNet-18 with an attention.
  package func count(_ attention: Attention) throws(NetworkError) -> Int {
    let network = Network.residual18(attention: attention, classes: self == .multiplyAdds ? 6 : 1000)
    let (costs, elementwise) = (try network.costs(), try network.elementwiseOperations())
    return switch self {
    case .multiplyAdds, .thousandClasses: costs.multiplyAdds
    case .everyOperation: costs.multiplyAdds + elementwise.total(perNormalized: 2)
    case .unfoldedNorms: costs.multiplyAdds + elementwise.total(perNormalized: 4)
    case .literal: 2 * costs.multiplyAdds + elementwise.total(perNormalized: 4)
    }
  }
}

/// The paper's Table 7 beside what its networks cost, under each convention.
package struct PaperCostComparison: Sendable {
  /// Table 7 (Sun, Liu, Qian 2024): "FLOPs" of ResNet, ResNet_SENet and DRSN, printed as billions with two decimals.
  package static let published: [Attention: Double] = [.none: 1.83e9, .squeezeExcite: 1.85e9, .shrinkage: 1.87e9]
  /// How far a number may be from its print with two decimals of a billion.
  package static let rounding = 0.005e9

  /// By convention and attention.
  package let counts: [CountingConvention: [Attention: Int]]

  package init() throws(NetworkError) {
    var counts: [CountingConvention: [Attention: Int]] = [:]
    for convention in CountingConvention.allCases {
      for attention in Attention.allCases {
        counts[convention, default: [:]][attention] = try convention.count(attention)
      }
    }
    self.counts = counts
  }

  package func count(_ convention: CountingConvention, _ attention: Attention) -> Int {
    counts[convention]?[attention] ?? 0
  }

  /// What attention adds to the plain network, here and in Table 7.
  package func added(_ convention: CountingConvention, by attention: Attention) -> Int {
    count(convention, attention) - count(convention, .none)
  }

  package func publishedAddition(by attention: Attention) -> Double {
    (Self.published[attention] ?? 0) - (Self.published[.none] ?? 0)
  }

  /// The least that Table 7's addition can have been before both of its numbers were rounded.
  package func leastPublishedAddition(by attention: Attention) -> Double {
    publishedAddition(by: attention) - 2 * Self.rounding
  }

  /// Whether a convention's count prints as Table 7 does.
  package func agrees(_ convention: CountingConvention, _ attention: Attention) -> Bool {
    abs(Double(count(convention, attention)) - (Self.published[attention] ?? 0)) <= Self.rounding
  }

  /// The convention whose plain network comes closest to Table 7's.
  package var closest: CountingConvention {
    CountingConvention.allCases.min { distance($0) < distance($1) } ?? .multiplyAdds
  }

  private func distance(_ convention: CountingConvention) -> Double {
    abs(Double(count(convention, .none)) - (Self.published[.none] ?? 0))
  }

  /// What an attention's linear layers would cost at every position of the feature maps instead of on their averages,
  /// as 1×1 convolutions: the nearest module that costs as much as Table 7 asks for.
  package func addedAtEveryPosition(by attention: Attention) throws(NetworkError) -> Int {
    let network = Network.residual18(attention: attention)
    return zip(network.nodes, try network.costs()).reduce(0) { sum, pair in
      switch pair.0.layer {
      case .attention: sum + pair.1.multiplyAdds * pair.1.output[2] * pair.1.output[3]
      default: sum
      }
    }
  }
}
