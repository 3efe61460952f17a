package import Tensors

/// A network as a value: layers in execution order, each naming the values it reads. It holds no parameters; those are
/// `Weights`, keyed by the names torchvision gives them.
package struct Network: Hashable, Sendable {
  /// A value of the network: its input, or what a node computes.
  package enum Value: Hashable, Sendable {
    case input
    case node(Int)

    /// What belongs to it, given that of each node so far and that of the input.
    package func pick<Element>(from nodes: [Element], input: Element) -> Element {
      switch self {
      case .input: input
      case .node(let index): nodes[index]
      }
    }
  }

  /// One layer in its place.
  package struct Node: Hashable, Sendable {
    /// The parameters' prefix and the stage's name, such as `layer1.0.conv1`; unique in the network.
    package let name: String
    package let layer: Layer
    package let inputs: [Value]
  }

  /// What the network is called in reports and bundles, such as `drsn18`.
  package let name: String

  /// One sample's shape, `[C, H, W]`. Another H and W may be given at run time where the layers allow it.
  package let inputShape: Shape

  /// In execution order: a node reads only the input and earlier nodes. The last one's value is the output.
  package private(set) var nodes: [Node] = []

  package init(name: String, inputShape: Shape) {
    precondition(inputShape.rank == 3, "a network's input is [C, H, W]")
    self.name = name
    self.inputShape = inputShape
  }

  /// The value the network returns.
  package var output: Value { nodes.isEmpty ? .input : .node(nodes.count - 1) }

  /// Appends a layer and returns its value; traps on a repeated name or a value not yet computed.
  package mutating func append(_ name: String, _ layer: Layer, _ inputs: Value...) -> Value {
    precondition(!nodes.contains { $0.name == name }, "the network already has a node named \(name)")
    for case .node(let index) in inputs {
      precondition(index < nodes.count, "a node may only read earlier ones")
    }
    nodes.append(Node(name: name, layer: layer, inputs: inputs))
    return .node(nodes.count - 1)
  }

  /// The same network reading samples of another height and width.
  package func resized(height: Int, width: Int) -> Network {
    var copy = Network(name: name, inputShape: [inputShape[0], height, width])
    copy.nodes = nodes
    return copy
  }

  /// The node of that name, if there is one.
  package func index(ofNode name: String) -> Int? { nodes.firstIndex { $0.name == name } }
}
