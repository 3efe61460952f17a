package import Tensors

/// Centres, decorrelates and scales the last layer of a network after what it gave for a set of faces.
///
/// A random head on random features says the same label for nearly every face: its logits share one large offset and
/// move together. After this, over the measured faces, the six logits have mean 0, deviation `gain` and no correlation,
/// so that each of them is the largest for some.
package struct LogitWhitening {
  /// Lower triangular inverse of the Cholesky factor of the covariance, `[6][6]`.
  private let inverse: [[Double]]
  private let mean: [Double]

  /// - Parameter logits: one row a face, all of one length; at least as many faces as logits.
  package init(_ logits: [[Float]]) {
    let size = logits.first?.count ?? 0
    precondition(size > 0 && logits.count >= size, "whitening needs at least as many faces as logits")
    let count = Double(logits.count)
    mean = (0..<size).map { k in logits.reduce(0) { $0 + Double($1[k]) } / count }
    var covariance = [[Double]](repeating: [Double](repeating: 0, count: size), count: size)
    for row in logits {
      for i in 0..<size {
        for j in 0...i {
          covariance[i][j] += (Double(row[i]) - mean[i]) * (Double(row[j]) - mean[j]) / count
        }
      }
    }
    // A little of the mean variance on the diagonal: directions that hardly vary are not blown up without bound, and
    // the factor exists even where all faces gave the same.
    let trace = (0..<size).reduce(0) { $0 + covariance[$1][$1] }
    let ridge = max(trace / Double(size) * 1e-4, 1e-12)
    for i in 0..<size { covariance[i][i] += ridge }
    inverse = Self.inverseOfFactor(covariance)
  }

  /// L⁻¹ for the covariance L·Lᵀ, of which the lower triangle is given.
  private static func inverseOfFactor(_ covariance: [[Double]]) -> [[Double]] {
    let size = covariance.count
    var factor = covariance
    for j in 0..<size {
      for k in 0..<j { factor[j][j] -= factor[j][k] * factor[j][k] }
      factor[j][j] = max(factor[j][j], 1e-300).squareRoot()
      for i in (j + 1)..<max(size, j + 1) {
        for k in 0..<j { factor[i][j] -= factor[i][k] * factor[j][k] }
        factor[i][j] /= factor[j][j]
      }
    }
    var inverse = [[Double]](repeating: [Double](repeating: 0, count: size), count: size)
    for column in 0..<size {
      for i in column..<size {
        var sum = i == column ? 1.0 : 0.0
        for k in column..<i { sum -= factor[i][k] * inverse[k][column] }
        inverse[i][column] = sum / factor[i][i]
      }
    }
    return inverse
  }

  /// The last layer with the change folded in: W′ = g·L⁻¹·W, b′ = g·L⁻¹·(b − mean).
  ///
  /// - Parameters:
  ///   - weight: `[6, K]`.
  ///   - bias: `[6]`.
  ///   - gain: the deviation of the new logits.
  package func applied(
    weight: Tensor<Float>, bias: Tensor<Float>, gain: Double
  ) -> (weight: Tensor<Float>, bias: Tensor<Float>) {
    let size = mean.count
    let inputs = weight.shape[1]
    let old = weight.elements
    let oldBias = bias.elements
    var newWeight = [Float](repeating: 0, count: old.count)
    var newBias = [Float](repeating: 0, count: size)
    for i in 0..<size {
      for column in 0..<inputs {
        var sum = 0.0
        for k in 0...i { sum += inverse[i][k] * Double(old[k * inputs + column]) }
        newWeight[i * inputs + column] = Float(gain * sum)
      }
      var sum = 0.0
      for k in 0...i { sum += inverse[i][k] * (Double(oldBias[k]) - mean[k]) }
      newBias[i] = Float(gain * sum)
    }
    return (Tensor(weight.shape, newWeight), Tensor(bias.shape, newBias))
  }
}
