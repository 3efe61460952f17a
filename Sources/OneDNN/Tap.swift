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
    } else if let node = network.nodes.firstIndex(where: { $0.decisionName == name }) {
      self = .decision(node: node)
    } else {
      throw OneDNNError(.invalidNetwork, "\(network.name) has no stage named \(name)")
    }
  }
}
