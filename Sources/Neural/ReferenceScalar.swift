internal import Foundation
package import Tensors

/// A number type the reference backend computes in.
package protocol ReferenceScalar: TensorScalar {
  static func exponential(_ x: Self) -> Self
}

extension Float: ReferenceScalar {
  package static func exponential(_ x: Float) -> Float { exp(x) }
}

extension Double: ReferenceScalar {
  package static func exponential(_ x: Double) -> Double { exp(x) }
}
