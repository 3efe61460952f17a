internal import Neural
internal import Tensors

/// Something inside a network that a run returns beside the output.
enum Tap: Hashable {
  /// A node's value, in its own shape.
  case value(node: Int)

  /// What an attention node decided, `[N, C]`: a shrinkage block's thresholds τ (paper section 5.2; not the ratio α,
  /// which is τ over the channel's mean magnitude), a squeeze-and-excitation block's gates in (0, 1).
  case decision(node: Int)

  /// `name` is a node's name, `<node>.threshold` for a shrinkage node or `<node>.gate` for a squeeze-and-excitation
  /// node.
  init(_ name: String, in network: Network) throws(OneDNNError) {
    if let node = network.index(ofNode: name) {
      self = .value(node: node)
    } else if let node = Self.node(of: name, suffix: ".threshold", in: network),
      case .shrinkage = network.nodes[node].layer
    {
      self = .decision(node: node)
    } else if let node = Self.node(of: name, suffix: ".gate", in: network),
      case .squeezeExcite = network.nodes[node].layer
    {
      self = .decision(node: node)
    } else {
      throw OneDNNError(.invalidNetwork, "\(network.name) has no stage named \(name)")
    }
  }

  private static func node(of name: String, suffix: String, in network: Network) -> Int? {
    name.hasSuffix(suffix) ? network.index(ofNode: String(name.dropLast(suffix.count))) : nil
  }
}
