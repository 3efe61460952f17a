package import Tensors

/// What a network is trained to make small (paper section 4.1).
package enum Loss: Hashable, Sendable {
  /// The mean over the batch of −log softmax(z_i)[y_i].
  case crossEntropy

  /// Cross-entropy + `weight`·centre loss.
  case crossEntropyAndCenters(weight: Double)

  /// The centre loss alone, as the paper prints it; classes are then told by `CenterLoss.scores`.
  case centers

  /// Whether it has centres to learn.
  package var usesCenters: Bool { self != .crossEntropy }

  /// How well each row of logits `[N, K]` fits each class: what the highest of decides the answer.
  package func scores<Scalar: ReferenceScalar>(
    _ logits: Tensor<Scalar>, centers: Tensor<Scalar>?
  ) throws(LossError) -> Tensor<Scalar> {
    guard self == .centers else { return logits }
    guard let centers else { throw .missingCenters }
    return try CenterLoss.scores(outputs: logits, centers: centers)
  }

  /// The loss of logits `[N, K]` with labels in 0..<K; `centers` `[K, K]` where the loss uses them.
  package func evaluate<Scalar: ReferenceScalar>(
    logits: Tensor<Scalar>, labels: [Int], centers: Tensor<Scalar>? = nil
  ) throws(LossError) -> LossResult<Scalar> {
    switch self {
    case .crossEntropy: return try CrossEntropy.evaluate(logits: logits, labels: labels)
    case .centers:
      guard let centers else { throw .missingCenters }
      return try CenterLoss.evaluate(outputs: logits, labels: labels, centers: centers)
    case .crossEntropyAndCenters(let weight):
      guard let centers else { throw .missingCenters }
      let entropy = try CrossEntropy.evaluate(logits: logits, labels: labels)
      let center = try CenterLoss.evaluate(outputs: logits, labels: labels, centers: centers)
      return LossResult(
        value: entropy.value + Scalar(weight) * center.value,
        logits: LossResult.sum(entropy.logits, center.logits, weight: weight),
        centers: center.centers.map { LossResult.sum(nil, $0, weight: weight) })
    }
  }
}

/// A loss and its gradients.
package struct LossResult<Scalar: ReferenceScalar>: Sendable {
  package let value: Scalar

  /// At the logits, `[N, K]`.
  package let logits: Tensor<Scalar>

  /// At the centres, `[K, K]`, where the loss uses them.
  package let centers: Tensor<Scalar>?

  /// first + weight·second.
  fileprivate static func sum(_ first: Tensor<Scalar>?, _ second: Tensor<Scalar>, weight: Double) -> Tensor<Scalar> {
    Tensor(uninitialized: second.shape) { target in
      for index in 0..<target.count {
        let value = Double(first?[index] ?? 0) + weight * Double(second[index])
        target.initializeElement(at: index, to: Scalar(value))
      }
    }
  }
}

/// Why a loss cannot be computed.
package enum LossError: Error, Hashable, CustomStringConvertible {
  /// Logits are not `[N, K]` with N, K ≥ 1, or there is not one label a row.
  case unfitLabels(logits: Shape, labels: Int)
  case labelOutOfRange(label: Int, classes: Int)
  /// Centres are not one row a class of the logits' width.
  case unfitCenters(expected: Shape, given: Shape)
  case missingCenters

  package var description: String {
    switch self {
    case .unfitLabels(let logits, let labels):
      "the loss needs logits [N, K] with N and K of 1 or more and N labels; given \(logits) and \(labels) label(s)"
    case .labelOutOfRange(let label, let classes): "label \(label) is not one of 0 to \(classes - 1)"
    case .unfitCenters(let expected, let given): "the class centres have shape \(given), not \(expected)"
    case .missingCenters: "the centre loss needs class centres; draw them with CenterLoss.seeded"
    }
  }

  /// Throws unless `labels` are those of a batch of `logits`.
  package static func check(_ logits: Shape, _ labels: [Int]) throws(LossError) {
    guard logits.rank == 2, logits.count > 0, labels.count == logits[0] else {
      throw .unfitLabels(logits: logits, labels: labels.count)
    }
    if let label = labels.first(where: { $0 < 0 || $0 >= logits[1] }) {
      throw .labelOutOfRange(label: label, classes: logits[1])
    }
  }
}
