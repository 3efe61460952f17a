internal import Tensors

/// The values inside an attention block in the order they are computed, `[N, C]` or `[N, hidden]` each.
struct AttentionTrace<Scalar: ReferenceScalar>: Sendable {
  /// a, the means of x or of |x|.
  let average: Tensor<Scalar>
  /// fc1's value.
  let projected: Tensor<Scalar>
  let norm: NormTrace<Scalar>?
  /// The batch norm's value, or fc1's where there is none; fc2 reads its ReLU.
  let normalized: Tensor<Scalar>
  /// α.
  let ratio: Tensor<Scalar>
  /// α where it scales, τ = α·a where it shrinks.
  let decision: Tensor<Scalar>
}

extension ReferenceForward {
  mutating func attention(
    _ x: Tensor<Scalar>, _ layer: AttentionLayer, prefix: String
  ) -> (Tensor<Scalar>, AttentionTrace<Scalar>) {
    typealias Layers = ReferenceLayers<Scalar>
    let average = Layers.averages(x, absolute: layer.averagesMagnitudes)
    let projected = linear(average, prefix: "\(prefix).fc1")
    let normed = layer.batchNorm(prefix: prefix).map { batchNorm(projected, prefix: $0) }
    let normalized = normed?.0 ?? projected
    let ratio = Layers.sigmoid(linear(Layers.relu(normalized), prefix: "\(prefix).fc2"))
    let decision: Tensor<Scalar>
    let value: Tensor<Scalar>
    switch layer.action {
    case .scaling:
      decision = ratio
      value = Layers.scale(x, gates: decision)
    case .shrinking:
      decision = Layers.product(ratio, average)
      value = Layers.softThreshold(x, thresholds: decision)
    }
    let trace = AttentionTrace(
      average: average, projected: projected, norm: normed?.1, normalized: normalized, ratio: ratio,
      decision: decision)
    return (value, trace)
  }
}

extension ReferenceBackward {
  /// x acts directly, by its decision, and through its average on the ratio; where it is shrunk also through the
  /// average that the ratio scales.
  func attention(
    _ dy: Tensor<Scalar>, x: Tensor<Scalar>, _ layer: AttentionLayer, _ trace: AttentionTrace<Scalar>, prefix: String
  ) -> Result {
    typealias Layers = ReferenceLayers<Scalar>
    let direct: Tensor<Scalar>
    let decision: Tensor<Scalar>
    var ratio: Tensor<Scalar>
    switch layer.action {
    case .scaling:
      (direct, decision) = Rules.scale(dy, x: x, gates: trace.decision)
      ratio = decision
    case .shrinking:
      (direct, decision) = Rules.softThreshold(dy, x: x, thresholds: trace.decision)
      ratio = Layers.product(decision, trace.average)
    }
    ratio = Rules.sigmoid(ratio, y: trace.ratio)
    let second = linear(ratio, x: Layers.relu(trace.normalized), prefix: "\(prefix).fc2")
    var parts = [second]
    var gradient = Rules.relu(second.inputs[0], x: trace.normalized)
    if let norm = trace.norm, let prefix = layer.batchNorm(prefix: prefix) {
      parts.append(batchNorm(gradient, x: trace.projected, norm, prefix: prefix))
      gradient = parts[1].inputs[0]
    }
    parts.append(linear(gradient, x: trace.average, prefix: "\(prefix).fc1"))
    var average = parts[parts.count - 1].inputs[0]
    if layer.action == .shrinking {
      average = Layers.add(average, Layers.product(decision, trace.ratio))
    }
    let throughAverage = Rules.averages(average, x: x, absolute: layer.averagesMagnitudes)
    var result = Result(inputs: [Layers.add(direct, throughAverage)])
    for part in parts { result.parameters.merge(part.parameters) { first, _ in first } }
    return result
  }
}
