import PlainText
package import Tensors

/// Why a network cannot be run: its layers do not fit together, or the weights are not its own.
package enum NetworkError: Error, Hashable, CustomStringConvertible {
  /// A layer cannot take what it is given.
  case unfitInput(node: String, expected: String, given: [Shape])

  /// A spatial extent is smaller than a layer's window.
  case tooSmall(node: String, input: Shape)

  case missingParameters(network: String, names: [String])

  case unexpectedParameters(network: String, names: [String])

  case misshapenParameter(name: String, expected: Shape, given: Shape)

  /// A parameter holds NaN or infinity, or a running variance below zero.
  case invalidParameter(name: String, reason: String)

  /// A batch norm in training mode would see one number a channel, whose variance says nothing.
  case tooFewForStatistics(batchNorm: String)

  /// A training scope, or a choice of nodes, names what the network does not have.
  case unknownNames(network: String, names: [String])

  package var description: String {
    switch self {
    case .unfitInput(let node, let expected, let given):
      "layer \(node) expects \(expected) and is given \(given.map(\.description).joined(separator: ", "))"
    case .tooSmall(let node, let input):
      "the input of layer \(node), \(input), is smaller than its window"
    case .missingParameters(let network, let names):
      "the weights lack \(names.count) tensor(s) of \(network): \(Self.list(names))"
    case .unexpectedParameters(let network, let names):
      "the weights hold \(names.count) tensor(s) that \(network) does not have: \(Self.list(names))"
    case .misshapenParameter(let name, let expected, let given):
      "weight \(name) has shape \(given), not \(expected)"
    case .invalidParameter(let name, let reason):
      "weight \(name) \(reason)"
    case .tooFewForStatistics(let name):
      "batch norm \(name) needs at least 2 numbers a channel to train; give a larger batch, or freeze it"
    case .unknownNames(let network, let names):
      "\(network) has no \(Self.list(names)) to train"
    }
  }

  /// Names may come from a file, and an error may reach a terminal or a log.
  private static func list(_ names: [String]) -> String {
    names.prefix(5).map(\.shown).joined(separator: ", ") + (names.count > 5 ? ", …" : "")
  }
}
