package import Neural

/// A run of layers that is carried out as one operation.
package struct LoweredOperation: Equatable {
  package enum Kind: Equatable {
    /// A convolution with the batch norm after it folded in where there is one, plus `residual`, then ReLU.
    case convolution(node: Int, batchNorm: Int?)
    case batchNorm(node: Int)
    case maxPool(Window)
    case averagePool
    case linear(node: Int)
    /// Attention (or none), plus `residual`, then ReLU: one kernel of our own.
    case combine(attention: Int?)
    case softmax(node: Int)
  }

  package var kind: Kind
  package var input: Network.Value
  package var residual: Network.Value?
  package var hasRelu = false

  /// The last node of the run: the operation's value is that node's.
  package var output: Int
}

extension Network {
  /// The network as operations in execution order. A value that somebody else reads, `taps` among them, is never
  /// fused away.
  ///
  /// - Parameter keepsBatchNorms: for training, where a batch norm needs its input for the backward pass, so that it
  ///   cannot vanish into the convolution before it, nor the addition after it.
  package func lowered(taps: Set<Int> = [], keepsBatchNorms: Bool = false) -> [LoweredOperation] {
    var readers: [[Int]] = Array(repeating: [], count: nodes.count)
    for (index, node) in nodes.enumerated() {
      for case .node(let read) in node.inputs { readers[read].append(index) }
    }
    var absorbed: Set<Int> = []
    /// The only reader of a node's value, where there is one and nothing else needs the value.
    func soleReader(of index: Int) -> Int? {
      guard readers[index].count == 1, !taps.contains(index), !absorbed.contains(readers[index][0]) else { return nil }
      return readers[index][0]
    }
    func absorbRelu(_ operation: inout LoweredOperation) {
      guard let next = soleReader(of: operation.output), nodes[next].layer == .relu else { return }
      operation.hasRelu = true
      operation.output = next
      absorbed.insert(next)
    }
    func absorbAddition(_ operation: inout LoweredOperation) {
      guard let next = soleReader(of: operation.output), nodes[next].layer == .add else { return }
      let own = Value.node(operation.output)
      operation.residual = nodes[next].inputs[0] == own ? nodes[next].inputs[1] : nodes[next].inputs[0]
      operation.output = next
      absorbed.insert(next)
    }

    var operations: [LoweredOperation] = []
    for (index, node) in nodes.enumerated() where !absorbed.contains(index) {
      var operation = LoweredOperation(kind: .softmax(node: index), input: node.inputs[0], output: index)
      switch node.layer {
      case .convolution:
        var batchNorm: Int?
        if !keepsBatchNorms, let next = soleReader(of: index), case .batchNorm = nodes[next].layer {
          batchNorm = next
          operation.output = next
          absorbed.insert(next)
        }
        operation.kind = .convolution(node: index, batchNorm: batchNorm)
        if !keepsBatchNorms { absorbAddition(&operation) }
        absorbRelu(&operation)
      case .batchNorm:
        operation.kind = .batchNorm(node: index)
        if keepsBatchNorms { absorbRelu(&operation) }
      case .attention:
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
      case .linear:
        operation.kind = .linear(node: index)
        if !keepsBatchNorms { absorbRelu(&operation) }
      case .softmax: break
      }
      operations.append(operation)
    }
    // An operation stands where its last node stood, so that everything it reads has been computed by then.
    return operations.sorted { $0.output < $1.output }
  }
}
