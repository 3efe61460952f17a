package import Neural
internal import Tensors

/// The arithmetic of a layer besides the multiply-adds of convolutions and linear layers, for one sample: what some
/// counts of "FLOPs" include and others leave out. Each number is one of operations or elements, as it says.
package struct ElementwiseOperations: Hashable, Sendable {
  /// Additions of a bias to an output.
  package var biases = 0
  /// Elements that pass a batch norm: two operations each with its constants folded (scale and shift), four without
  /// (subtract the mean, divide by the deviation, times γ, plus β).
  package var normalized = 0
  /// Elements that pass a ReLU or a sigmoid, counted as one operation.
  package var activated = 0
  /// Comparisons of max pooling, k² − 1 an output.
  package var compared = 0
  /// Elements that global averages add up.
  package var averaged = 0
  /// Additions of residual sums.
  package var added = 0
  /// What attention does to each element besides averaging: one product for squeeze and excitation; magnitude,
  /// difference, maximum and sign for shrinkage.
  package var attended = 0

  package init() {}

  init(of layer: Layer, input: Shape, output: Shape) {
    switch layer {
    case .convolution(let convolution): biases = convolution.hasBias ? output.count : 0
    case .linear: biases = output.count
    case .batchNorm: normalized = output.count
    case .relu: activated = output.count
    case .maxPool(let window): compared = output.count * (window.kernel * window.kernel - 1)
    case .globalAveragePool: averaged = input.count
    case .add: added = output.count
    case .softmax: activated = 3 * output.count
    case .attention(let attention):
      averaged = input.count
      biases = attention.hidden + attention.channels
      normalized = attention.hasBatchNorm ? attention.hidden : 0
      activated = attention.hidden + attention.channels
      attended = attention.operationsPerElement * input.count + attention.operationsPerChannel * attention.channels
    }
  }

  /// All of them, a batch norm's element as `perNormalized` operations.
  package func total(perNormalized: Int) -> Int {
    biases + perNormalized * normalized + activated + compared + averaged + added + attended
  }

  fileprivate static func += (sum: inout ElementwiseOperations, other: ElementwiseOperations) {
    sum.biases += other.biases
    sum.normalized += other.normalized
    sum.activated += other.activated
    sum.compared += other.compared
    sum.averaged += other.averaged
    sum.added += other.added
    sum.attended += other.attended
  }
}

extension Network {
  /// What the multiply-adds of its `costs` leave out, for one sample.
  package func elementwiseOperations() throws(NetworkError) -> ElementwiseOperations {
    let shapes = try shapes(batch: 1)
    let input = Shape([1] + inputShape.dimensions)
    return zip(nodes, shapes).reduce(into: ElementwiseOperations()) { sum, pair in
      let given = pair.0.inputs[0].pick(from: shapes, input: input)
      sum += ElementwiseOperations(of: pair.0.layer, input: given, output: pair.1)
    }
  }
}
