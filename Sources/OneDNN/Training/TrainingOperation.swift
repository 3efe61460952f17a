internal import Neural

/// A run of layers that a training step carries out as one operation, forward and backward.
///
/// Less is fused than for inference: a batch norm needs its input for the backward pass, so that it cannot vanish into
/// the convolution before it.
struct TrainingOperation: Equatable {
  enum Kind: Equatable {
    case convolution(node: Int)
    case batchNorm(node: Int)
    case maxPool(Window)
    case averagePool
    case linear(node: Int)
    /// Attention (or none), plus `residual` (or nothing).
    case combine(attention: Int?)
    case softmax
  }

  var kind: Kind
  var input: Network.Value
  var residual: Network.Value?
  /// ReLU at the end; convolutions, batch norms and combinations only.
  var hasRelu = false
  /// The last node of the run: the operation's value is that node's.
  var output: Int
}

extension Network {
  /// The network as training operations in execution order.
  func trainingOperations() -> [TrainingOperation] {
    var readers: [[Int]] = Array(repeating: [], count: nodes.count)
    for (index, node) in nodes.enumerated() {
      for case .node(let read) in node.inputs { readers[read].append(index) }
    }
    var absorbed: Set<Int> = []
    func soleReader(of index: Int) -> Int? {
      guard readers[index].count == 1, !absorbed.contains(readers[index][0]) else { return nil }
      return readers[index][0]
    }
    func absorbRelu(_ operation: inout TrainingOperation) {
      guard let next = soleReader(of: operation.output), nodes[next].layer == .relu else { return }
      operation.hasRelu = true
      operation.output = next
      absorbed.insert(next)
    }
    func absorbAddition(_ operation: inout TrainingOperation) {
      guard let next = soleReader(of: operation.output), nodes[next].layer == .add else { return }
      let own = Value.node(operation.output)
      operation.residual = nodes[next].inputs[0] == own ? nodes[next].inputs[1] : nodes[next].inputs[0]
      operation.output = next
      absorbed.insert(next)
    }

    var operations: [TrainingOperation] = []
    for (index, node) in nodes.enumerated() where !absorbed.contains(index) {
      var operation = TrainingOperation(kind: .softmax, input: node.inputs[0], output: index)
      switch node.layer {
      case .convolution:
        operation.kind = .convolution(node: index)
        absorbRelu(&operation)
      case .batchNorm:
        operation.kind = .batchNorm(node: index)
        absorbRelu(&operation)
      case .shrinkage, .squeezeExcite:
        operation.kind = .combine(attention: index)
        absorbAddition(&operation)
        absorbRelu(&operation)
      case .add:
        operation.kind = .combine(attention: nil)
        operation.residual = node.inputs[1]
        absorbRelu(&operation)
      case .relu:
        operation.kind = .combine(attention: nil)
        operation.hasRelu = true
      case .maxPool(let window): operation.kind = .maxPool(window)
      case .globalAveragePool: operation.kind = .averagePool
      case .linear: operation.kind = .linear(node: index)
      case .softmax: break
      }
      operations.append(operation)
    }
    return operations.sorted { $0.output < $1.output }
  }
}
