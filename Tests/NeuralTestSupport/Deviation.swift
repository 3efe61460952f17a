package import Tensors

/// How far one tensor is from another of the same count.
package struct Deviation {
  /// The worst difference over the largest magnitude of the expected values.
  package let relativeToLargest: Double
  package let relativeL2: Double

  /// `largest` is the expected tensor's largest magnitude where only a part of it is given.
  package init(_ actual: Tensor<Float>, from expected: Tensor<Float>, largest: Float? = nil) {
    let differences = zip(actual.elements, expected.elements).map { Double($0) - Double($1) }
    let reference = expected.elements.map(Double.init)
    let magnitude = largest.map(Double.init) ?? reference.map(abs).max() ?? 0
    let worst = differences.map(abs).max() ?? 0
    let isComparable = actual.count == expected.count && differences.allSatisfy(\.isFinite)
    relativeToLargest = isComparable ? worst / max(magnitude, .leastNormalMagnitude) : .infinity
    let norm = reference.reduce(0) { $0 + $1 * $1 }.squareRoot()
    relativeL2 = differences.reduce(0) { $0 + $1 * $1 }.squareRoot() / max(norm, .leastNormalMagnitude)
  }
}
