import Foundation
package import Neural
package import Tensors

/// A safetensors file of `Tests/NeuralTests/Goldens` whose results are float64, each in two float32 tensors: `name` and
/// `name+`, whose sum it is to 48 bits; see `make_gradient_goldens.py`.
package struct GoldenFile: Sendable {
  package let metadata: [String: String]
  let tensors: Weights

  package init(_ name: String) throws {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let bytes = [UInt8](try Data(contentsOf: tests.appending(path: "NeuralTests/Goldens/\(name).safetensors")))
    (metadata, tensors) = try bytes.withUnsafeBytes {
      (try Safetensors(parsing: $0).metadata, try Safetensors.tensors(copying: $0))
    }
  }

  /// What made the results, for reports.
  package var reference: String { "PyTorch \(metadata["torch"] ?? "?") in float64" }

  /// A stored input, exact in Float already.
  package func input<Scalar: ReferenceScalar>(_ name: String) throws -> Tensor<Scalar> {
    guard let tensor = tensors[name] else { throw GoldenError.missing(name) }
    return tensor.converted()
  }

  /// How far `actual` is from the whole result of that name.
  package func deviation<Scalar: ReferenceScalar>(of actual: Tensor<Scalar>, from name: String) throws -> Deviation {
    try deviation(of: actual.elements.map { Double($0) }, from: name)
  }

  /// How far `actual`, of which the file holds some positions, is from the result of that name.
  package func deviation<Scalar: ReferenceScalar>(
    of actual: Tensor<Scalar>, fromPositionsOf name: String, seed: UInt64
  ) throws -> Deviation {
    guard let expected = tensors[name] else { throw GoldenError.missing(name) }
    let positions = HashNormal(seed: seed, stream: name).positions(expected.count, below: actual.count)
    return try deviation(of: positions.map { Double(actual[$0]) }, from: name)
  }

  private func deviation(of actual: [Double], from name: String) throws -> Deviation {
    guard let high = tensors[name], let low = tensors["\(name)+"] else { throw GoldenError.missing(name) }
    let expected = zip(high.elements, low.elements).map { Double($0) + Double($1) }
    return Deviation(actual, from: expected, largest: tensors["\(name)|scale"].map { Double($0[0]) })
  }
}

package enum GoldenError: Error {
  case missing(String)
  case malformed(String)
}
