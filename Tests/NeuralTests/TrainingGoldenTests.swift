import Cryptography
import DeviationReporting
import Neural
import NeuralTestSupport
import Tensors
import Testing

/// Whole training steps of the reference against PyTorch's autograd.
@Suite struct TrainingGoldenTests {
  @Test(arguments: TrainingGolden.names)
  func `every parameter's gradient and the running statistics agree with PyTorch in Float`(name: String) async throws {
    try await judge(name, Float.self, tolerance: TrainingGolden(name).floatTolerance)
  }

  @Test(arguments: TrainingGolden.names)
  func `every parameter's gradient and the running statistics agree with PyTorch in Double`(name: String) async throws {
    try await judge(name, Double.self, tolerance: 1e-10)
  }

  private func judge<Scalar: ReferenceScalar>(_ name: String, _: Scalar.Type, tolerance: Double) async throws {
    let golden = try TrainingGolden(name)
    var hash = SHA256Stream()
    let weights = golden.weights
    for key in weights.keys.sorted() {
      weights[key]?.withUnsafeBufferPointer { hash.update(UnsafeRawBufferPointer($0)) }
    }
    #expect(Hex.encode(hash.finish()) == golden.file.metadata["weights_sha256"])

    var report = DeviationReport(
      "training step \(name), reference in \(Scalar.self), max|Δ|/max|reference|",
      against: golden.file.reference, tolerance: tolerance)
    for (result, deviation) in try await golden.judge(ReferenceTraining<Scalar>(golden.network)) {
      report.include(deviation.relativeToLargest)
      #expect(deviation.relativeToLargest <= tolerance, "\(result)")
    }
    report.publish()
  }
}
