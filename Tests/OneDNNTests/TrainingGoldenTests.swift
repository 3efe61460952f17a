import DeviationReporting
import Neural
import NeuralTestSupport
import OneDNN
import Tensors
import Testing

/// Training on oneDNN against PyTorch's autograd: layers alone, then whole networks.
@Suite struct TrainingGoldenTests {
  @Test func `every layer's value, gradients and running statistics agree with PyTorch`() async throws {
    let stream = ComputeStream(name: "layers")
    var reports: [String: DeviationReport] = [:]
    for golden in try LayerGolden.all() {
      let part = "\(golden.kind) forward and backward, oneDNN, max|Δ|/max|reference|"
      var report = reports[part] ?? DeviationReport(part, against: golden.reference, tolerance: 1e-5)
      for (result, deviation) in try await golden.judge(SessionBackend(golden.network, on: stream)) {
        report.include(deviation.relativeToLargest)
        #expect(deviation.relativeToLargest <= 1e-5, "\(golden.name) \(result)")
      }
      reports[part] = report
    }
    for report in reports.values { report.publish() }
  }

  @Test(arguments: TrainingGolden.names, [1, 2])
  func `every gradient of a network's step agrees with PyTorch`(name: String, threads: Int) async throws {
    let golden = try TrainingGolden(name)
    let backend = SessionBackend(golden.network, on: ComputeStream(name: "step", threads: threads))
    let tolerance = golden.floatTolerance
    var report = DeviationReport(
      "training step \(name), oneDNN, max|Δ|/max|reference|", against: golden.file.reference, tolerance: tolerance)
    for (result, deviation) in try await golden.judge(backend) {
      report.include(deviation.relativeToLargest)
      #expect(deviation.relativeToLargest <= tolerance, "\(result)")
    }
    report.publish()
  }
}
