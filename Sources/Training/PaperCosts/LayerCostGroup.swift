package import Neural
package import Tensors

/// Several nodes that are read as one: the stem, a residual block, a group of VGG16, the head.
package struct LayerCostGroup: Sendable, Hashable {
  package let name: String
  /// What it does, such as `3×3 /2, 3×3, shrinkage, shortcut 1×1 /2`.
  package let kind: String
  /// Of its last node.
  package let output: Shape
  package let layers: [LayerCost]
}

extension Network {
  /// The costs folded: blocks of residual networks, VGG16's groups up to each pooling, and what stands before and
  /// behind them. Nothing is lost: the groups' layers are all layers in their order.
  package func costGroups() throws(NetworkError) -> [LayerCostGroup] {
    let costs = try costs()
    var groups: [LayerCostGroup] = []
    var start = 0
    for index in nodes.indices {
      let next = index + 1
      guard next == nodes.count || endsGroup(at: index) else { continue }
      groups.append(group(costs, start..<next))
      start = next
    }
    return groups
  }

  private func endsGroup(at index: Int) -> Bool {
    let key = Self.block(nodes[index].name)
    let next = Self.block(nodes[index + 1].name)
    if key != next { return true }
    // VGG16 has no blocks in its names; each pooling closes a group. The head follows the pooled mean.
    if case .maxPool = nodes[index].layer { return key == "features" }
    if case .globalAveragePool = nodes[index].layer { return true }
    return false
  }

  /// `layer2.0` of `layer2.0.conv1`, `features` of `features.3`; empty for what stands outside.
  private static func block(_ name: String) -> String {
    let parts = name.split(separator: ".")
    if name.hasPrefix("layer"), parts.count > 2 { return parts.prefix(2).joined(separator: ".") }
    return parts.count > 1 ? String(parts[0]) : ""
  }

  private func group(_ costs: [LayerCost], _ range: Range<Int>) -> LayerCostGroup {
    let (first, last) = (nodes[range.lowerBound].name, nodes[range.upperBound - 1].name)
    let block = Self.block(first)
    let name =
      block.hasPrefix("layer") || first == last
      ? (block.isEmpty ? first : block) : block == "features" ? "\(first)–\(last.dropFirst(9))" : "\(first)–\(last)"
    return LayerCostGroup(
      name: name, kind: Self.kind(Array(nodes[range])), output: costs[range.upperBound - 1].output,
      layers: Array(costs[range]))
  }

  /// The layers with weights, pooling and attention; norms, activations and sums follow from them.
  private static func kind(_ nodes: [Node]) -> String {
    let parts = nodes.compactMap { node -> String? in
      switch node.layer {
      case .convolution(let c):
        let shape = "\(c.kernel)×\(c.kernel)" + (c.stride > 1 ? " /\(c.stride)" : "")
        return node.name.contains("downsample") ? "shortcut \(shape)" : shape
      case .maxPool(let window): return "max pool \(window.kernel)×\(window.kernel) /\(window.stride)"
      case .attention(let attention): return attention.title
      case .globalAveragePool, .linear, .softmax: return node.layer.summary
      case .batchNorm, .relu, .add: return nil
      }
    }
    return parts.joined(separator: ", ")
  }
}
