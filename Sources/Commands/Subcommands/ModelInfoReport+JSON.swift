import LearningEvents
import Neural
import Recognition
import Tensors
import Training

extension ModelInfoReport: Encodable {
  private enum CodingKeys: String, CodingKey {
    case bundle, networks
    case paper = "paper_table_7"
  }

  private struct LayerLine: Encodable {
    let name, kind: String
    let output: [Int]
    let parameters, multiply_adds: Int
  }

  private struct NetworkLine: Encodable {
    let name, width: String
    let input: [Int]
    let parameters, multiply_adds: Int
    let layers: [LayerLine]
  }

  private struct BundleLine: Encodable {
    let id: ModelID
    let manifest: ModelManifest
  }

  private struct PaperLine: Encodable {
    let published: [String: Double]
    /// By convention, then by network.
    let counted: [String: [String: Int]]
    let closest: String
  }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(bundle.map { BundleLine(id: $0.id, manifest: $0.bundle.manifest) }, forKey: .bundle)
    try values.encode(
      parts.map { part in
        NetworkLine(
          name: part.network.name, width: width.rawValue, input: part.network.inputShape.dimensions,
          parameters: part.costs.parameters, multiply_adds: part.costs.multiplyAdds,
          layers: part.costs.map { cost in
            LayerLine(
              name: cost.name, kind: cost.kind, output: Array(cost.output.dimensions.dropFirst()),
              parameters: cost.parameters, multiply_adds: cost.multiplyAdds)
          })
      }, forKey: .networks)
    try values.encode(comparison.map(Self.line), forKey: .paper)
  }

  private static func line(_ comparison: PaperCostComparison) -> PaperLine {
    func named<Value>(_ values: [Attention: Value]) -> [String: Value] {
      Dictionary(uniqueKeysWithValues: values.map { ($0.key.networkName, $0.value) })
    }
    let counted = comparison.counts.map { ($0.key.rawValue, named($0.value)) }
    return PaperLine(
      published: named(PaperCostComparison.published), counted: Dictionary(uniqueKeysWithValues: counted),
      closest: comparison.closest.rawValue)
  }
}
