import Foundation
import Neural
import NeuralTestSupport
import Tensors
import Testing

/// The attention blocks pinned to their equations by hand-worked numbers.
@Suite struct AttentionTests {
  static func network(_ layer: Layer, height: Int, width: Int) -> Network {
    var network = Network(name: "attention", inputShape: [2, height, width])
    _ = network.append("block", layer, .input)
    return network
  }

  /// fc1 and fc2 the identity, so that α_c = sigmoid(relu(bn(a_c)) + bias).
  static func shrinkage(mean: [Float] = [0, 0], variance: [Float] = [1, 1], bias: [Float], identity: Float) -> Weights {
    [
      "block.fc1.weight": Tensor([2, 2], [identity, 0, 0, identity]), "block.fc1.bias": Tensor([2], [0, 0]),
      "block.bn.weight": Tensor([2], [1, 1]), "block.bn.bias": Tensor([2], [0, 0]),
      "block.bn.running_mean": Tensor([2], mean), "block.bn.running_var": Tensor([2], variance),
      "block.fc2.weight": Tensor([2, 2], [identity, 0, 0, identity]), "block.fc2.bias": Tensor([2], bias),
    ]
  }

  @Test func `thresholds are half the mean magnitude for sigmoid of 0, and a zero channel stays zero`() throws {
    let backend = try ReferenceBackend<Double>(
      Self.network(.shrinkage(channels: 2), height: 2, width: 2), weights: Self.shrinkage(bias: [0, 0], identity: 0))
    let input = Tensor<Double>([1, 2, 2, 2], [1, -3, 2, -2, 0, 0, 0, 0])
    // a = (2, 0), α = 1/2, τ = (1, 0).
    #expect(try backend.run(input).elements == [0, -2, 1, -1, 0, 0, 0, 0])
  }

  @Test func `each sample and each channel has its own threshold, through both layers and the norm`() throws {
    let weights = Self.shrinkage(mean: [1, 0], variance: [4, 1], bias: [0, -1], identity: 1)
    let backend = try ReferenceBackend<Double>(
      Self.network(.shrinkage(channels: 2), height: 1, width: 2), weights: weights)
    let input = Tensor<Double>([2, 2, 1, 2], [4, -2, 1, 3, 0.5, -0.5, -8, 0])
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    let epsilon = 1e-5
    // Averages: sample 0 (3, 2), sample 1 (0.5, 4); the second sample's first channel is negative before the ReLU.
    let thresholds = [
      sigmoid(2 / (4 + epsilon).squareRoot()) * 3, sigmoid(2 / (1 + epsilon).squareRoot() - 1) * 2,
      sigmoid(0) * 0.5, sigmoid(4 / (1 + epsilon).squareRoot() - 1) * 4,
    ]
    let expected = zip(input.elements, 0..<8).map { value, index in
      let magnitude = max(abs(value) - thresholds[index / 2], 0)
      return value < 0 ? -magnitude : magnitude
    }
    for (actual, wanted) in zip(try backend.run(input).elements, expected) { #expect(abs(actual - wanted) < 1e-12) }
    #expect(expected.contains { $0 < 0 } && expected.contains(0) && expected.contains { $0 > 0 })
  }

  @Test func `a threshold that vanishes changes nothing`() throws {
    let backend = try ReferenceBackend<Float>(
      Self.network(.shrinkage(channels: 2), height: 1, width: 2),
      weights: Self.shrinkage(bias: [-200, -200], identity: 0))
    let input = Tensor<Float>([1, 2, 1, 2], [1e-30, -4, 5, -1e10])
    #expect(try backend.run(input) == input)
  }

  @Test func `a threshold of the mean magnitude itself leaves nothing of numbers that all have that magnitude`() throws
  {
    let backend = try ReferenceBackend<Float>(
      Self.network(.shrinkage(channels: 2), height: 1, width: 4),
      weights: Self.shrinkage(bias: [40, 0], identity: 0))
    // Channel 0: α = sigmoid(40) rounds to 1, τ = 1/2 = |x|. Channel 1: a = 2, τ = 1, met exactly by ±1.
    let input = Tensor<Float>([1, 2, 1, 4], [0.5, -0.5, -0.5, 0.5, 1, -1, -5, -1])
    #expect(try backend.run(input).elements == [0, 0, 0, 0, 0, 0, -4, 0])
  }

  @Test func `each threshold reads every channel's average through both layers`() throws {
    var weights = Self.shrinkage(bias: [0.5, -0.25], identity: 0)
    weights["block.fc1.weight"] = Tensor([2, 2], [0, 1, -2, 0])
    weights["block.fc1.bias"] = Tensor([2], [0.25, 8])
    weights["block.fc2.weight"] = Tensor([2, 2], [0, -0.5, 1, 0])
    let backend = try ReferenceBackend<Double>(
      Self.network(.shrinkage(channels: 2), height: 1, width: 2), weights: weights)
    // a = (3, 1); fc1 gives (1 + 1/4, −6 + 8); fc2 of the normalised (1.25, 2)/√(1 + ε): −½·second + ½, first − ¼.
    let output = try backend.run(Tensor<Double>([1, 2, 1, 2], [-4, 2, -1.5, 0.5])).elements
    let root = (1 + batchNormEpsilon).squareRoot()
    let alphas = [-0.5 * 2 / root + 0.5, 1.25 / root - 0.25].map { 1 / (1 + exp(-$0)) }
    let expected = [-(4 - 3 * alphas[0]), 2 - 3 * alphas[0], -(1.5 - alphas[1]), 0]
    #expect(3 * alphas[0] < 2 && alphas[1] > 0.5)
    for (actual, wanted) in zip(output, expected) { #expect(abs(actual - wanted) < 1e-12) }
  }

  @Test func `shrinkage's gradient passes directly and through the threshold, and is 0 in a channel of zeros`() throws {
    let network = Self.network(.shrinkage(channels: 2), height: 2, width: 2)
    let training = ReferenceTraining<Double>(network)
    var scope = TrainingScope.all(of: network, includesInput: true)
    scope.batchNorms = []
    let weights = Self.shrinkage(bias: [0, 0], identity: 0).mapValues { $0.converted(to: Double.self) }
    let input = Tensor<Double>([1, 2, 2, 2], [1, -3, 2, -2, 0, 0, 0, 0])
    let pass = try training.forward(input, weights: weights, scope: scope)
    let gradients = try training.backward(Tensor(repeating: 1, input.shape), through: pass)
    // a = 2, α = 1/2, τ = 1: the 1 on its edge passes nothing. dτ = −(−1 + 1 − 1) = 1, so each |x| gets 1/2·1/4.
    let expected: [Double] = [0.125, 1 - 0.125, 1 + 0.125, 1 - 0.125, 0, 0, 0, 0]
    #expect(gradients.input?.elements == expected)
    // dα = dτ·a = 2, and α's slope is 1/4.
    #expect(gradients.parameters["block.fc2.bias"]?.elements == [0.5, 0])
  }

  @Test func `squeeze and excitation scales each channel by its gate`() throws {
    let weights: Weights = [
      "block.fc1.weight": Tensor([1, 2], [1, -1]), "block.fc1.bias": Tensor([1], [0.5]),
      "block.fc2.weight": Tensor([2, 1], [1, -2]), "block.fc2.bias": Tensor([2], [0, 1]),
    ]
    let backend = try ReferenceBackend<Double>(
      Self.network(.squeezeExcite(channels: 2, hidden: 1), height: 1, width: 2), weights: weights)
    // Means (1, −1), hidden relu(1 + 1 + 0.5) = 2.5, gates sigmoid(2.5) and sigmoid(−4).
    let output = try backend.run(Tensor<Double>([1, 2, 1, 2], [4, -2, -3, 1])).elements
    let gates = [1 / (1 + exp(-2.5)), 1 / (1 + exp(4.0))]
    let expected = [4 * gates[0], -2 * gates[0], -3 * gates[1], gates[1]]
    for (actual, wanted) in zip(output, expected) { #expect(abs(actual - wanted) < 1e-12) }
  }
}
