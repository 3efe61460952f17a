import Neural
import NeuralTestSupport
import Tensors
import Testing

/// Frozen parts, running statistics and refusals of a training step.
@Suite struct TrainingScopeTests {
  static let network = FiniteDifferenceTests.tiny
  static let weights = Weights.seeded(for: network, seed: 11, .varied).mapValues { $0.converted(to: Double.self) }
  static let input: Tensor<Double> = HashNormal(seed: 3, stream: "input").tensor([5, 2, 9, 7], deviation: 1).converted()

  private func step(
    _ scope: TrainingScope, observe: (String, Tensor<Double>) -> Void = { _, _ in }
  ) throws -> (pass: ReferencePass<Double>, gradients: Gradients<Double>) {
    let training = ReferenceTraining<Double>(Self.network)
    let pass = try training.forward(Self.input, weights: Self.weights, scope: scope)
    let loss = try Loss.crossEntropy.evaluate(logits: pass.output, labels: [0, 2, 1, 1, 0])
    return (pass, try training.backward(loss.logits, through: pass, observe: observe))
  }

  @Test func `a chosen parameter's gradient is the same as among all, and none besides is given`() throws {
    let all = try step(.all(of: Self.network, includesInput: true)).gradients
    var scope = TrainingScope.all(of: Self.network)
    scope.parameters = ["block0.shrink.fc2.bias", "block1.conv2.weight"]
    let some = try step(scope).gradients
    #expect(Set(some.parameters.keys) == scope.parameters)
    #expect(some.input == nil && all.input != nil)
    for (name, gradient) in some.parameters { #expect(all.parameters[name] == gradient) }
  }

  @Test func `all but the last layer frozen: norms as in inference, and nothing passes below it`() throws {
    var observed: [String] = []
    let frozen = try step(.nodes(["fc"], of: Self.network)) { name, _ in observed.append(name) }
    #expect(observed == ["fc"])
    #expect(Set(frozen.gradients.parameters.keys) == ["fc.weight", "fc.bias"])
    #expect(frozen.pass.runningStatistics.isEmpty)
    let floats = Self.weights.mapValues { $0.converted(to: Float.self) }
    let inference = try ReferenceBackend<Double>(Self.network, weights: floats).run(Self.input)
    #expect(Deviation(frozen.pass.output.elements, from: inference.elements).relativeToLargest < 1e-12)

    // A frozen shrinkage block's norm stays, one that is trained moves.
    let block = try step(.nodes(["block0.shrink", "fc"], of: Self.network)).pass
    #expect(
      Set(block.runningStatistics.keys) == ["block0.shrink.bn.running_mean", "block0.shrink.bn.running_var"])
  }

  @Test func `running statistics move a tenth of the way to the batch's, its variance over n − 1`() throws {
    var network = Network(name: "norm", inputShape: [1, 1, 2])
    _ = network.append("bn", .batchNorm(channels: 1), .input)
    let weights: [String: Tensor<Double>] = [
      "bn.weight": Tensor([1], [1]), "bn.bias": Tensor([1], [0]),
      "bn.running_mean": Tensor([1], [10]), "bn.running_var": Tensor([1], [5]),
    ]
    // Mean 3, squared deviations 4 + 1 + 0 + 9 = 14: biased 14/4, unbiased 14/3.
    let input = Tensor<Double>([2, 1, 1, 2], [1, 2, 3, 6])
    let pass = try ReferenceTraining<Double>(network).forward(input, weights: weights, scope: .all(of: network))
    #expect(abs(pass.runningStatistics["bn.running_mean"]![0] - (0.9 * 10 + 0.1 * 3)) < 1e-14)
    #expect(abs(pass.runningStatistics["bn.running_var"]![0] - (0.9 * 5 + 0.1 * 14 / 3)) < 1e-14)
    #expect(abs(pass.output[3] - 3 / (3.5 + batchNormEpsilon).squareRoot()) < 1e-14)
  }

  @Test func `a batch norm over a single number is refused in training and taken in evaluation`() throws {
    let training = ReferenceTraining<Double>(Self.network)
    let one: Tensor<Double> = Tensor(repeating: 0.5, [1, 2, 9, 7])
    #expect(throws: NetworkError.tooFewForStatistics(batchNorm: "block0.shrink.bn")) {
      try training.forward(one, weights: Self.weights, scope: .all(of: Self.network))
    }
    var scope = TrainingScope.all(of: Self.network)
    scope.batchNorms.remove("block0.shrink.bn")
    let pass = try training.forward(one, weights: Self.weights, scope: scope)
    #expect(pass.output.shape == [1, 3])
    let none: Tensor<Double> = Tensor(repeating: 0, [0, 2, 9, 7])
    #expect(throws: NetworkError.tooFewForStatistics(batchNorm: "bn1")) {
      try training.forward(none, weights: Self.weights, scope: .all(of: Self.network))
    }
  }

  @Test func `names that the network lacks, strange weights, inputs and gradients are refused`() throws {
    let training = ReferenceTraining<Double>(Self.network)
    #expect(throws: NetworkError.unknownNames(network: "tiny", names: ["conv9"])) {
      try TrainingScope.nodes(["conv9", "fc"], of: Self.network)
    }
    var scope = TrainingScope.all(of: Self.network)
    scope.parameters.insert("bn1.running_mean")
    #expect(throws: NetworkError.unknownNames(network: "tiny", names: ["bn1.running_mean"])) {
      try training.forward(Self.input, weights: Self.weights, scope: scope)
    }
    scope = .all(of: Self.network)
    var weights = Self.weights
    weights["fc.bias"]?[0] = .nan
    #expect(throws: NetworkError.invalidParameter(name: "fc.bias", reason: "holds NaN or infinity")) {
      try training.forward(Self.input, weights: weights, scope: scope)
    }
    #expect(throws: NetworkError.self) {
      try training.forward(Tensor(repeating: 0, [5, 3, 9, 7]), weights: Self.weights, scope: scope)
    }
    let pass = try training.forward(Self.input, weights: Self.weights, scope: scope)
    #expect(throws: NetworkError.self) { try training.backward(Tensor(repeating: 1, [3, 5]), through: pass) }
  }

  @Test func `NaN in one sample comes out of it, and out of no other`() throws {
    var input = Self.input
    input[0] = .nan
    let floats = Self.weights.mapValues { $0.converted(to: Float.self) }
    let output = try ReferenceBackend<Double>(Self.network, weights: floats).run(input).elements
    #expect(output[..<3].allSatisfy { $0.isNaN } && output[3...].allSatisfy { $0.isFinite })
  }

  @Test func `a parameter that the output does not depend on has gradient 0`() throws {
    var network = Network(name: "branch", inputShape: [1, 2, 2])
    _ = network.append("unread", .convolution(Convolution(1, 1, kernel: 1, hasBias: true)), .input)
    _ = network.append("read", .convolution(Convolution(1, 1, kernel: 1, hasBias: true)), .input)
    let weights = Weights.seeded(for: network, seed: 1, .varied)
    let training = ReferenceTraining<Float>(network)
    let pass = try training.forward(
      Tensor(repeating: 1, [1, 1, 2, 2]), weights: weights, scope: .all(of: network, includesInput: true))
    let gradients = try training.backward(Tensor(repeating: 1, [1, 1, 2, 2]), through: pass)
    #expect(gradients.parameters["unread.weight"]?.elements == [0])
    #expect(gradients.parameters["read.weight"]?.elements == [4] && gradients.parameters["read.bias"]?.elements == [4])
    #expect(gradients.input?.elements == [Float](repeating: weights["read.weight"]![0], count: 4))
  }
}
