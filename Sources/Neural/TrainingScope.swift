/// Which part of a network a training step changes; the rest is frozen.
///
/// Two things freeze separately, as in PyTorch: whether a parameter has a gradient, and whether a batch norm follows
/// the batches. Frozen as the paper's section 4.2 has it (all layers but the last) is `nodes(["fc"], of: network)`: no
/// gradients, and batch norms as in inference.
package struct TrainingScope: Hashable, Sendable {
  /// The parameters whose gradients are wanted, by full name; none of them a running statistic.
  package var parameters: Set<String>

  /// The batch norms that normalise by the batch's statistics and update the running ones, by prefix, such as
  /// `layer1.0.bn1` or `layer1.0.shrink.bn`.
  package var batchNorms: Set<String>

  /// Whether the gradient of the network's input is wanted.
  package var includesInput: Bool

  package init(parameters: Set<String>, batchNorms: Set<String>, includesInput: Bool = false) {
    self.parameters = parameters
    self.batchNorms = batchNorms
    self.includesInput = includesInput
  }

  /// Everything the network has.
  package static func all(of network: Network, includesInput: Bool = false) -> TrainingScope {
    TrainingScope(of: network.nodes, includesInput: includesInput)
  }

  /// The parameters and batch norms of the named nodes; everything else frozen.
  package static func nodes(
    _ names: Set<String>, of network: Network, includesInput: Bool = false
  ) throws(NetworkError) -> TrainingScope {
    let unknown = names.filter { network.index(ofNode: $0) == nil }
    guard unknown.isEmpty else { throw .unknownNames(network: network.name, names: unknown.sorted()) }
    return TrainingScope(of: network.nodes.filter { names.contains($0.name) }, includesInput: includesInput)
  }

  private init(of nodes: [Network.Node], includesInput: Bool) {
    let parameters = nodes.flatMap { $0.layer.parameters(prefix: $0.name) }
    self.init(
      parameters: Set(parameters.filter(\.isTrainable).map(\.name)),
      batchNorms: Set(nodes.compactMap { $0.layer.batchNorm(prefix: $0.name) }), includesInput: includesInput)
  }

  /// Throws unless every name is one of `network`'s.
  package func validate(for network: Network) throws(NetworkError) {
    let known = TrainingScope.all(of: network)
    let unknown = parameters.subtracting(known.parameters).union(batchNorms.subtracting(known.batchNorms))
    guard unknown.isEmpty else { throw .unknownNames(network: network.name, names: unknown.sorted()) }
  }
}

extension Network {
  /// The prefixes of all batch norms, those inside shrinkage blocks included, in node order.
  package var batchNorms: [String] { nodes.compactMap { $0.layer.batchNorm(prefix: $0.name) } }
}

extension Layer {
  /// The prefix of the batch norm this layer is or holds, if any, in a node named `prefix`.
  package func batchNorm(prefix: String) -> String? {
    switch self {
    case .batchNorm: prefix
    case .attention(let attention): attention.batchNorm(prefix: prefix)
    case .convolution, .relu, .maxPool, .globalAveragePool, .linear, .add, .softmax: nil
    }
  }
}
