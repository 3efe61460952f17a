package import Tensors

/// The centre loss of paper section 4.1: it draws each sample's output to its class's centre, and the centres apart.
///
/// With outputs z_i (the K logits) and learned centres c_k ∈ ℝᴷ, σ² = Σ_k ‖c_k − c̄‖²/K and s = σ² + 1e-6:
/// L = (1/N)·Σ_i ‖z_i − c_{y_i}‖²/s. The gradient at the centres passes through σ² too.
package enum CenterLoss {
  /// What keeps the loss finite where all centres coincide.
  package static let epsilon = 1e-6

  /// Centres `[classes, classes]` to start from, each number from seeded N(0, 1).
  package static func seeded(classes: Int, seed: UInt64) -> Tensor<Float> {
    HashNormal(seed: seed, stream: "centers").tensor([classes, classes], deviation: 1)
  }

  /// The loss, with dL/dz_i = 2·(z_i − c_{y_i})/(N·s) and
  /// dL/dc_k = −2·Σ_{y_i = k} (z_i − c_k)/(N·s) − L/s·(2/K)·(c_k − c̄); in Double, rounded once.
  /// `outputs` `[N, D]`, labels in 0..<K, `centers` `[K, D]` with K = D.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func evaluate<Scalar: ReferenceScalar>(
    outputs: Tensor<Scalar>, labels: [Int], centers: Tensor<Scalar>
  ) throws(LossError) -> LossResult<Scalar> {
    try LossError.check(outputs.shape, labels)
    try check(centers.shape, classes: outputs.shape[1])
    let (samples, width, classes) = (outputs.shape[0], outputs.shape[1], centers.shape[0])
    let mean = mean(of: centers)
    let spread = spread(of: centers, mean: mean) + epsilon
    var centerSums = Tensor<Double>(repeating: 0, centers.shape)
    var total = 0.0
    let scale = 2 / (Double(samples) * spread)
    let gradient = ReferenceGradients<Scalar>.accumulated(outputs.shape) { gradient in
      for (sample, label) in labels.enumerated() {
        for index in 0..<width {
          let difference = Double(outputs[sample * width + index]) - Double(centers[label * width + index])
          total += difference * difference
          gradient[sample * width + index] = scale * difference
          centerSums[label * width + index] -= scale * difference
        }
      }
    }
    let loss = total / (Double(samples) * spread)
    for index in 0..<classes * width {
      centerSums[index] -= loss / spread * 2 / Double(classes) * (Double(centers[index]) - mean[index % width])
    }
    return LossResult(value: Scalar(loss), logits: gradient, centers: centerSums.converted())
  }

  /// How well each output fits each class where the centre loss stands alone: −‖z_i − c_k‖²/σ², `[N, D]` → `[N, K]`.
  ///
  /// Where σ² is below 1e-6 that stands in for it, so that centres that coincide give equal scores, not NaN.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func scores<Scalar: ReferenceScalar>(
    outputs: Tensor<Scalar>, centers: Tensor<Scalar>
  ) throws(LossError) -> Tensor<Scalar> {
    guard outputs.shape.rank == 2, outputs.shape[1] > 0 else {
      throw .unfitLabels(logits: outputs.shape, labels: 0)
    }
    try check(centers.shape, classes: outputs.shape[1])
    let (samples, width, classes) = (outputs.shape[0], outputs.shape[1], centers.shape[0])
    let spread = max(spread(of: centers, mean: mean(of: centers)), epsilon)
    return ReferenceGradients<Scalar>.accumulated([samples, classes]) { scores in
      for position in 0..<samples * classes {
        let (sample, label) = (position / classes, position % classes)
        for index in 0..<width {
          let difference = Double(outputs[sample * width + index]) - Double(centers[label * width + index])
          scores[position] -= difference * difference / spread
        }
      }
    }
  }

  private static func check(_ centers: Shape, classes: Int) throws(LossError) {
    guard centers == [classes, classes] else { throw .unfitCenters(expected: [classes, classes], given: centers) }
  }

  /// c̄.
  @inline(__always)
  private static func mean<Scalar: ReferenceScalar>(of centers: Tensor<Scalar>) -> [Double] {
    let (classes, width) = (centers.shape[0], centers.shape[1])
    return (0..<width).map { column in
      (0..<classes).reduce(0.0) { $0 + Double(centers[$1 * width + column]) } / Double(classes)
    }
  }

  /// σ².
  @inline(__always)
  private static func spread<Scalar: ReferenceScalar>(of centers: Tensor<Scalar>, mean: [Double]) -> Double {
    let total = (0..<centers.count).reduce(0.0) { sum, index in
      let difference = Double(centers[index]) - mean[index % mean.count]
      return sum + difference * difference
    }
    return total / Double(centers.shape[0])
  }
}
