package import Tensors

/// How far one tensor is from another of the same count.
package struct Deviation {
  /// The worst difference over the largest magnitude of the expected values.
  package let relativeToLargest: Double
  package let relativeL2: Double

  /// `largest` is the expected tensor's largest magnitude where only a part of it is given.
  package init(_ actual: Tensor<Float>, from expected: Tensor<Float>, largest: Float? = nil) {
    self.init(
      actual.elements.map(Double.init), from: expected.elements.map(Double.init), largest: largest.map(Double.init))
  }

  /// As above, for numbers of any origin.
  package init(_ actual: [Double], from expected: [Double], largest: Double? = nil) {
    let differences = zip(actual, expected).map { $0 - $1 }
    let magnitude = largest ?? expected.map(abs).max() ?? 0
    let worst = differences.map(abs).max() ?? 0
    let isComparable = actual.count == expected.count && differences.allSatisfy(\.isFinite)
    relativeToLargest = isComparable ? worst / max(magnitude, .leastNormalMagnitude) : .infinity
    let norm = expected.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let distance = differences.reduce(0) { $0 + $1 * $1 }.squareRoot()
    relativeL2 = isComparable ? distance / max(norm, .leastNormalMagnitude) : .infinity
  }
}
