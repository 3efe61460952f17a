import DeviationReporting
import Neural
import NeuralTestSupport
import OneDNN
import Tensors
import Testing

/// What to look at inside a compiled network. A value that is looked at is not fused away, so that the choice decides
/// which kernels are judged; together they are all, and every node is among them.
enum Tapping: String, CaseIterable {
  /// What is left when everything fuses: a convolution with its norm, a residual addition and ReLU in one.
  case fused = "stages that fusion leaves"

  /// A convolution with its norm folded in, and everything else on its own.
  case folded = "every stage, norms folded into convolutions"

  /// Every node; a norm that stands alone is the reference's, all else oneDNN's or a kernel of ours.
  case apart = "every stage on its own"

  /// Those that differ: without norms there is nothing to fold.
  static func all(of network: Network) -> [Tapping] {
    let hasNorms = network.nodes.contains { if case .batchNorm = $0.layer { true } else { false } }
    return allCases.filter { $0 != .folded || hasNorms }
  }

  func taps(of network: Network, _ golden: Golden) -> [String] {
    let isNorm = network.nodes.map { if case .batchNorm = $0.layer { true } else { false } }
    let norms = network.nodes.indices.filter { isNorm[$0] }
    let folded = Set(norms.flatMap { network.nodes[$0].inputs })
    let nodes = network.nodes.indices.filter { index in
      switch self {
      case .fused: network.lowered().contains { $0.output == index }
      case .folded: !folded.contains(.node(index))
      case .apart: true
      }
    }
    return nodes.map { network.nodes[$0].name } + (self == .apart ? golden.decisions : [])
  }
}

/// Holds what was tapped against a golden, and publishes the worst.
struct GoldenJudge {
  static let tolerance = 1e-5

  private let golden: Golden
  private let title: String

  init(_ golden: Golden, title: String) {
    self.golden = golden
    self.title = title
  }

  /// Fails the test where a tapped value is off by more than the tolerance; returns the names of what was judged.
  func judge(_ taps: [String: Tensor<Float>]) throws -> Set<String> {
    var worst = DeviationReport("\(title), max|Δ|/max|reference|", against: golden.reference, tolerance: Self.tolerance)
    var relativeL2 = DeviationReport("\(title), relative L2", against: golden.reference, tolerance: Self.tolerance)
    for (name, value) in taps {
      let deviation = try #require(golden.deviation(of: value, stage: name), "\(name)")
      worst.include(deviation.relativeToLargest)
      relativeL2.include(deviation.relativeL2)
      #expect(deviation.relativeToLargest <= Self.tolerance, "\(title): \(name)")
      #expect(deviation.relativeL2 <= Self.tolerance, "\(title): \(name)")
    }
    worst.publish()
    relativeL2.publish()
    return Set(taps.keys)
  }
}
