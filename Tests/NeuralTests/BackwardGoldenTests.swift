import DeviationReporting
import Neural
import NeuralTestSupport
import Tensors
import Testing

/// The reference's backward passes, one layer at a time, against PyTorch's autograd.
@Suite struct BackwardGoldenTests {
  @Test func `every layer's gradients agree with PyTorch in Float`() async throws {
    try await judge(Float.self, tolerance: 1e-5)
  }

  @Test func `every layer's gradients agree with PyTorch in Double`() async throws {
    try await judge(Double.self, tolerance: 1e-12)
  }

  private func judge<Scalar: ReferenceScalar>(_: Scalar.Type, tolerance: Double) async throws {
    let cases = try LayerGolden.all()
    #expect(cases.count >= 35)
    var reports: [String: DeviationReport] = [:]
    for golden in cases {
      let part = "\(golden.kind) forward and backward, reference in \(Scalar.self), max|Δ|/max|reference|"
      var report = reports[part] ?? DeviationReport(part, against: golden.reference, tolerance: tolerance)
      for (result, deviation) in try await golden.judge(ReferenceTraining<Scalar>(golden.network)) {
        report.include(deviation.relativeToLargest)
        #expect(deviation.relativeToLargest <= tolerance, "\(golden.name) \(result)")
      }
      reports[part] = report
    }
    for report in reports.values { report.publish() }
  }
}
