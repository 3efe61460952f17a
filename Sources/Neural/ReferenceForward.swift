internal import Tensors

/// Computes nodes, with what their backward needs, and notes the statistics of the batch norms that go by the batch.
///
/// The inputs' shapes fit, and every parameter is there: callers have validated both.
struct ReferenceForward<Scalar: ReferenceScalar> {
  private typealias Layers = ReferenceLayers<Scalar>

  let weights: [String: Tensor<Scalar>]
  /// The batch norms that go by the batch.
  let batchNorms: Set<String>
  /// The statistics of those, by prefix; the variance is the biased one.
  private(set) var statistics: [String: (mean: Tensor<Scalar>, variance: Tensor<Scalar>, count: Int)] = [:]

  mutating func apply(
    _ node: Network.Node, to inputs: [Tensor<Scalar>]
  ) -> (Tensor<Scalar>, LayerTrace<Scalar>) {
    let (name, x) = (node.name, inputs[0])
    switch node.layer {
    case .convolution(let convolution):
      let weight = weights["\(name).weight"]!
      return (Layers.convolution(x, weight: weight, bias: weights["\(name).bias"], convolution), .none)
    case .batchNorm:
      let (value, trace) = batchNorm(x, prefix: name)
      return (value, .normalized(trace))
    case .relu: return (Layers.relu(x), .none)
    case .maxPool(let window): return (Layers.maxPool(x, window), .none)
    case .globalAveragePool: return (Layers.averages(x), .none)
    case .linear: return (linear(x, prefix: name), .none)
    case .add: return (Layers.add(x, inputs[1]), .none)
    case .attention(let layer):
      let (value, trace) = attention(x, layer, prefix: name)
      return (value, .attended(trace))
    case .softmax: return (Layers.softmax(x), .none)
    }
  }

  mutating func batchNorm(
    _ x: Tensor<Scalar>, prefix: String
  ) -> (Tensor<Scalar>, NormTrace<Scalar>) {
    var trace = NormTrace(
      mean: weights["\(prefix).running_mean"]!, variance: weights["\(prefix).running_var"]!, ofBatch: false)
    if batchNorms.contains(prefix) {
      let measured = Layers.statistics(x)
      statistics[prefix] = measured
      trace = NormTrace(mean: measured.mean, variance: measured.variance, ofBatch: true)
    }
    let value = Layers.batchNorm(
      x, scale: weights["\(prefix).weight"]!, shift: weights["\(prefix).bias"]!, mean: trace.mean,
      variance: trace.variance)
    return (value, trace)
  }

  func linear(_ x: Tensor<Scalar>, prefix: String) -> Tensor<Scalar> {
    Layers.linear(x, weight: weights["\(prefix).weight"]!, bias: weights["\(prefix).bias"]!)
  }
}
