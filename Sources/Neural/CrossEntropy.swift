package import Tensors

/// Cross-entropy of logits, averaged over the batch.
package enum CrossEntropy {
  /// L = (1/N)·Σ_i (log Σ_k exp z_ik − z_iy), gradient (softmax(z_i) − onehot(y_i))/N; in Double, shifted by each row's
  /// maximum so that nothing overflows, and rounded once. `logits` `[N, K]`, labels in 0..<K.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func evaluate<Scalar: ReferenceScalar>(
    logits: Tensor<Scalar>, labels: [Int]
  ) throws(LossError) -> LossResult<Scalar> {
    try LossError.check(logits.shape, labels)
    let (samples, classes) = (logits.shape[0], logits.shape[1])
    var total = 0.0
    let gradient = ReferenceGradients<Scalar>.accumulated(logits.shape) { gradient in
      for sample in 0..<samples {
        let row = (0..<classes).map { Double(logits[sample * classes + $0]) }
        let largest = row.max() ?? 0
        let exponentials = row.map { Double.exponential($0 - largest) }
        let sum = exponentials.reduce(0, +)
        total += Double.logarithm(sum) - (row[labels[sample]] - largest)
        for index in 0..<classes {
          let wanted: Double = index == labels[sample] ? 1 : 0
          gradient[sample * classes + index] = (exponentials[index] / sum - wanted) / Double(samples)
        }
      }
    }
    return LossResult(value: Scalar(total / Double(samples)), logits: gradient, centers: nil)
  }
}
