import DeviationReporting
import Foundation
import Neural
import NeuralTestSupport
import Tensors
import Testing

/// The losses against PyTorch's autograd, and pinned by hand.
@Suite struct LossTests {
  @Test func `losses, gradients and scores agree with PyTorch in Float`() throws {
    try judge(Float.self, tolerance: 1e-5)
  }

  @Test func `losses, gradients and scores agree with PyTorch in Double`() throws {
    try judge(Double.self, tolerance: 1e-12)
  }

  private func judge<Scalar: ReferenceScalar>(_: Scalar.Type, tolerance: Double) throws {
    let file = try GoldenFile("losses")
    let cases = (file.metadata["cases"] ?? "").split(separator: "\n")
    #expect(cases.count >= 11)
    var reports: [String: DeviationReport] = [:]
    for line in cases {
      let words = line.split(separator: " ").map(String.init)
      let name = words[0]
      let losses: [String: Loss] = [
        "crossEntropy": .crossEntropy, "centers": .centers,
        "both": .crossEntropyAndCenters(weight: try #require(Double(words[2]))),
      ]
      let loss = try #require(losses[words[1]])
      let logits: Tensor<Scalar> = try file.input("\(name)/logits")
      let stored: Tensor<Float> = try file.input("\(name)/labels")
      let centers: Tensor<Scalar>? = loss.usesCenters ? try file.input("\(name)/centers") : nil
      let result = try loss.evaluate(logits: logits, labels: stored.elements.map { Int($0) }, centers: centers)
      var deviations = [
        "value": try file.deviation(of: Tensor([1], [result.value]), from: "\(name)/value"),
        "dlogits": try file.deviation(of: result.logits, from: "\(name)/dlogits"),
      ]
      #expect((result.centers != nil) == loss.usesCenters)
      if let centers, let gradient = result.centers {
        deviations["dcenters"] = try file.deviation(of: gradient, from: "\(name)/dcenters")
        let scores = try CenterLoss.scores(outputs: logits, centers: centers)
        deviations["scores"] = try file.deviation(of: scores, from: "\(name)/scores")
      }
      let part = "loss \(words[1]) and gradients, in \(Scalar.self), max|Δ|/max|reference|"
      var report = reports[part] ?? DeviationReport(part, against: file.reference, tolerance: tolerance)
      for (key, deviation) in deviations {
        report.include(deviation.relativeToLargest)
        #expect(deviation.relativeToLargest <= tolerance, "\(name) \(key)")
      }
      reports[part] = report
    }
    for report in reports.values { report.publish() }
  }

  @Test func `cross-entropy of equal logits is the logarithm of the classes, and huge logits stay finite`() throws {
    let equal = try CrossEntropy.evaluate(logits: Tensor<Double>([2, 4], [0, 0, 0, 0, 9, 9, 9, 9]), labels: [1, 3])
    #expect(abs(equal.value - log(4)) < 1e-15)
    #expect(equal.logits.elements == [0.125, -0.375, 0.125, 0.125, 0.125, 0.125, 0.125, -0.375])
    let huge = try CrossEntropy.evaluate(logits: Tensor<Float>([1, 2], [3e38, -3e38]), labels: [0])
    #expect(huge.value == 0 && huge.logits.elements == [0, 0])
    let wrong = try CrossEntropy.evaluate(logits: Tensor<Double>([1, 2], [1000, 0]), labels: [1])
    #expect(wrong.value == 1000 && wrong.logits.elements == [1, -1])
  }

  @Test func `the centre loss is the mean squared distance over the centres' spread`() throws {
    // Centres (1, 0) and (−1, 0): mean 0, σ² = 1. Distances 4 + 1 and 0.
    let centers = Tensor<Double>([2, 2], [1, 0, -1, 0])
    let outputs = Tensor<Double>([2, 2], [3, 1, -1, 0])
    let result = try CenterLoss.evaluate(outputs: outputs, labels: [0, 1], centers: centers)
    #expect(abs(result.value - 2.5 / (1 + 1e-6)) < 1e-15)
    let scores = try CenterLoss.scores(outputs: outputs, centers: centers)
    #expect(scores.elements == [-5, -17, -4, 0])
    // Moving both centres apart lowers the loss through σ² even where no sample is near: dL/dc_1 = −L/s·c_1.
    let apart = try #require(result.centers)
    #expect(abs(apart[2] - 2.5) < 1e-4 && apart[3] == 0)
  }

  @Test func `centres that coincide give finite losses and equal scores`() throws {
    let centers = Tensor<Float>(repeating: 0.5, [3, 3])
    let outputs = Tensor<Float>([1, 3], [1, 2, 3])
    let result = try CenterLoss.evaluate(outputs: outputs, labels: [2], centers: centers)
    #expect(result.value.isFinite && result.logits.elements.allSatisfy(\.isFinite))
    let scores = try CenterLoss.scores(outputs: outputs, centers: centers).elements
    #expect(scores.allSatisfy { $0.isFinite && $0 == scores[0] })
  }

  @Test func `centres are drawn by the seed alone, about standard normal`() {
    let centers = CenterLoss.seeded(classes: 6, seed: 4)
    #expect(centers.shape == [6, 6])
    #expect(centers == CenterLoss.seeded(classes: 6, seed: 4) && centers != CenterLoss.seeded(classes: 6, seed: 5))
    let square = centers.elements.reduce(0) { $0 + $1 * $1 } / 36
    #expect(square > 0.5 && square < 1.8)
  }

  @Test func `what no loss can be computed of is refused`() throws {
    let logits = Tensor<Float>(repeating: 0, [2, 3])
    #expect(throws: LossError.labelOutOfRange(label: 3, classes: 3)) {
      try CrossEntropy.evaluate(logits: logits, labels: [0, 3])
    }
    #expect(throws: LossError.labelOutOfRange(label: -1, classes: 3)) {
      try CenterLoss.evaluate(outputs: logits, labels: [0, -1], centers: Tensor(repeating: 0, [3, 3]))
    }
    #expect(throws: LossError.unfitLabels(logits: [2, 3], labels: 1)) {
      try CrossEntropy.evaluate(logits: logits, labels: [0])
    }
    #expect(throws: LossError.unfitLabels(logits: [0, 3], labels: 0)) {
      try CrossEntropy.evaluate(logits: Tensor<Float>(repeating: 0, [0, 3]), labels: [])
    }
    #expect(throws: LossError.unfitCenters(expected: [3, 3], given: [2, 3])) {
      try CenterLoss.evaluate(outputs: logits, labels: [0, 1], centers: Tensor(repeating: 0, [2, 3]))
    }
    #expect(throws: LossError.missingCenters) { try Loss.centers.evaluate(logits: logits, labels: [0, 1]) }
  }
}
