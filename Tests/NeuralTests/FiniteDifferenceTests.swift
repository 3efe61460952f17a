import DeviationReporting
import Neural
import NeuralTestSupport
import Tensors
import Testing

/// The gradients against central differences of the reference itself in Double: no second implementation is needed to
/// see that they are those of the forward pass.
@Suite struct FiniteDifferenceTests {
  static let tolerance = 1e-6

  /// Cases that stand on a kink on purpose.
  static let kinked: Set<String> = [
    "relu-with-zeros", "pool-3x3-stride2-ties", "pool-3x3-constant", "shrinkage-training-edges",
    "shrinkage-evaluation-edges",
  ]

  @Test func `every layer's gradients are the slopes of its forward pass`() throws {
    let cases = try LayerGolden.all().filter { !Self.kinked.contains($0.name) }
    var reports: [String: DeviationReport] = [:]
    for golden in cases {
      let weight: Tensor<Double> = try golden.outputGradient()
      let part = "\(golden.kind) backward, reference in Double, over the largest gradient"
      var report =
        reports[part] ?? DeviationReport(part, against: "central differences", tolerance: Self.tolerance)
      for (name, worst) in try worst(golden, scope: golden.scope, weight: weight) {
        report.include(worst)
        #expect(worst <= Self.tolerance, "\(golden.name) \(name)")
      }
      reports[part] = report
    }
    for report in reports.values { report.publish() }
  }

  /// The deviations of the gradients that `scope` gives from the slopes in the case's own scope.
  private func worst(
    _ golden: LayerGolden, scope: TrainingScope, weight: Tensor<Double>,
    distort: (inout [String: Tensor<Double>]) -> Void = { _ in }
  ) throws -> [String: Double] {
    let training = ReferenceTraining<Double>(golden.network)
    var point: [String: Tensor<Double>] = try golden.weights()
    point["input"] = try golden.input()
    var gradients = try training.namedGradients(point, scope: scope) { _ in weight }
    distort(&gradients)
    return try FiniteDifferences().worst(gradients, at: point) { moved in
      let output = try training.forward(at: moved, scope: golden.scope).output
      return zip(output.elements, weight.elements).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }

  @Test(arguments: ["norm-training-vectors", "shrinkage-training"])
  func `a gradient that forgets that statistics depend on the batch is caught`(name: String) throws {
    let golden = try #require(try LayerGolden.all().first { $0.name == name })
    var scope = golden.scope
    scope.batchNorms = []
    let found = try worst(golden, scope: scope, weight: golden.outputGradient())
    #expect((found["input"] ?? 0) > 1000 * Self.tolerance)
  }

  @Test func `a single wrong number of a gradient is caught`() throws {
    for golden in try LayerGolden.all() where ["conv-3x3-valid-even", "excite", "linear"].contains(golden.name) {
      let found = try worst(golden, scope: golden.scope, weight: golden.outputGradient()) { gradients in
        guard let bias = gradients.keys.first(where: { $0.hasSuffix("bias") }) else { return }
        gradients[bias]?[1] *= 1.001
        gradients[bias]?[1] += 1e-3
      }
      #expect((found.values.max() ?? 0) > 100 * Self.tolerance, "\(golden.name)")
    }
  }

  @Test func `every loss's gradients are its slopes, through the centres' spread too`() throws {
    var report = DeviationReport(
      "losses' gradients, in Double, over the largest gradient", against: "central differences",
      tolerance: Self.tolerance)
    let labels = [4, 0, 2, 2, 5]
    for loss in [Loss.crossEntropy, .centers, .crossEntropyAndCenters(weight: 0.3)] {
      var point: [String: Tensor<Double>] = [
        "logits": HashNormal(seed: 2, stream: "logits").tensor([5, 6], deviation: 2).converted()
      ]
      if loss.usesCenters { point["centers"] = CenterLoss.seeded(classes: 6, seed: 2).converted() }
      func evaluate(_ point: [String: Tensor<Double>]) throws -> LossResult<Double> {
        let logits = try #require(point["logits"])
        return try loss.evaluate(logits: logits, labels: labels, centers: point["centers"])
      }
      let result = try evaluate(point)
      var gradients = ["logits": result.logits]
      gradients["centers"] = result.centers
      #expect(gradients.count == point.count)
      for (name, worst) in try FiniteDifferences().worst(gradients, at: point, loss: { try evaluate($0).value }) {
        report.include(worst)
        #expect(worst <= Self.tolerance, "\(loss) \(name)")
      }
    }
    report.publish()
  }

  /// Every kind of layer in a few channels: stem, pool, a shrinkage block that halves, a squeeze-excite block, softmax
  /// left out as losses take logits.
  static var tiny: Network {
    var network = Network(name: "tiny", inputShape: [2, 9, 7])
    let stem = Convolution(2, 4, kernel: 3, padding: 1, hasBias: true)
    var value = network.append("conv1", .convolution(stem), .input)
    value = network.append("bn1", .batchNorm(channels: 4), value)
    value = network.append("relu", .relu, value)
    value = network.append("maxpool", .maxPool(Window(kernel: 3, stride: 2, padding: 1)), value)
    value = network.appendBasicBlock("block0", value, 4, 6, stride: 2, attention: .shrinkage)
    value = network.appendBasicBlock("block1", value, 6, 6, stride: 1, attention: .squeezeExcite)
    value = network.append("avgpool", .globalAveragePool, value)
    _ = network.append("fc", .linear(input: 6, output: 3), value)
    return network
  }

  @Test(arguments: [true, false])
  func `a whole small network's gradients are the slopes of its loss`(isTraining: Bool) throws {
    let network = Self.tiny
    let training = ReferenceTraining<Double>(network)
    var scope = TrainingScope.all(of: network, includesInput: true)
    if !isTraining { scope.batchNorms = [] }
    var point = Weights.seeded(for: network, seed: 11, .varied).mapValues { $0.converted(to: Double.self) }
    point["input"] = HashNormal(seed: 3, stream: "input").tensor([5, 2, 9, 7], deviation: 1).converted()
    let (loss, labels) = (Loss.crossEntropyAndCenters(weight: 0.25), [0, 2, 1, 1, 0])
    let centers: Tensor<Double> = CenterLoss.seeded(classes: 3, seed: 11).converted()
    func evaluate(_ logits: Tensor<Double>) throws -> LossResult<Double> {
      try loss.evaluate(logits: logits, labels: labels, centers: centers)
    }
    let gradients = try training.namedGradients(point, scope: scope) { try evaluate($0).logits }
    #expect(gradients.count == scope.parameters.count + 1)
    var differences = FiniteDifferences()
    differences.step = 3e-6
    let mode = isTraining ? "training" : "evaluation"
    var report = DeviationReport(
      "small network's gradients, \(mode) mode, reference in Double, over the largest gradient",
      against: "central differences", tolerance: Self.tolerance)
    let found = try differences.worst(gradients, at: point) { moved in
      try evaluate(try training.forward(at: moved, scope: scope).output).value
    }
    for (name, worst) in found {
      report.include(worst)
      #expect(worst <= Self.tolerance, "\(name)")
    }
    report.publish()
  }
}
