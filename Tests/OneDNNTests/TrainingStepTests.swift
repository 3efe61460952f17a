import Neural
import NeuralTestSupport
import OneDNN
import Tensors
import Testing

/// How training steps on a stream behave, apart from their numbers.
@Suite struct TrainingStepTests {
  static let network = Network.drsn18(width: .quarter).resized(height: 32, width: 32)
  static let weights = Weights.seeded(for: network, seed: 1)
  static let input = HashNormal(seed: 2, stream: "input").tensor([4, 3, 32, 32], deviation: 1)
  static let gradient = HashNormal(seed: 2, stream: "gradient").tensor([4, 6], deviation: 1)

  @Test func `a step repeated gives the same bits, whatever ran in between, and keeps its memory`() async throws {
    let training = OneDNNTraining(Self.network, on: ComputeStream(name: "repeat"))
    let scope = TrainingScope.all(of: Self.network)
    let first = try await training.forward(Self.input, weights: Self.weights, scope: scope)
    let gradients = try await training.backward(Self.gradient, through: first)
    let bytes = await training.byteCount()
    let other = Weights.seeded(for: Self.network, seed: 9, .varied)
    let between = try await training.forward(Tensor(repeating: 2, Self.input.shape), weights: other, scope: scope)
    _ = try await training.backward(Tensor(repeating: 1, [4, 6]), through: between)
    let again = try await training.forward(Self.input, weights: Self.weights, scope: scope)
    #expect(again.output == first.output)
    #expect(again.runningStatistics == first.runningStatistics)
    #expect(try await training.backward(Self.gradient, through: again).parameters == gradients.parameters)
    #expect(await training.byteCount() == bytes && bytes > 0)
    await training.release()
    #expect(await training.byteCount() == 0)
  }

  @Test func `a frozen trunk has no gradients, and costs none of their time`() async throws {
    let training = OneDNNTraining(Self.network, on: ComputeStream(name: "frozen"))
    let all = try await training.forward(Self.input, weights: Self.weights, scope: .all(of: Self.network))
    _ = try await training.backward(Self.gradient, through: all)
    let work = Set(await training.durations().map(\.work))
    #expect(
      work.isSuperset(of: ["convolution forward", "convolution backward, data", "convolution backward, weights"]))

    let head = OneDNNTraining(Self.network, on: ComputeStream(name: "head"))
    let scope = try TrainingScope.nodes(["fc"], of: Self.network)
    let pass = try await head.forward(Self.input, weights: Self.weights, scope: scope)
    let gradients = try await head.backward(Self.gradient, through: pass)
    #expect(Set(gradients.parameters.keys) == ["fc.weight", "fc.bias"] && gradients.input == nil)
    #expect(pass.runningStatistics.isEmpty)
    // Frozen is evaluation mode: what inference gives.
    let stream = ComputeStream(name: "inference")
    let compiled = try await stream.compile(PreparedNetwork(Self.network, weights: Self.weights), batch: 4)
    let output = try await stream.run(compiled, Self.input)
    #expect(Deviation(pass.output, from: output).relativeToLargest < 1e-5)
    let done = Set(await head.durations().map(\.work))
    #expect(done.isDisjoint(with: ["convolution backward, data", "convolution backward, weights"]))
    #expect(await head.byteCount() < training.byteCount())

    // From the last stage on: nothing below it.
    let names = Self.network.nodes.map(\.name).filter { $0.hasPrefix("layer4.") || $0 == "fc" }
    let tail = try TrainingScope.nodes(Set(names), of: Self.network)
    let last = try await head.forward(Self.input, weights: Self.weights, scope: tail)
    let part = try await head.backward(Self.gradient, through: last)
    #expect(Set(part.parameters.keys) == tail.parameters)
    let expected = ReferenceTraining<Float>(Self.network)
    let reference = try expected.forward(Self.input, weights: Self.weights, scope: tail)
    let wanted = try expected.backward(Self.gradient, through: reference)
    for (name, value) in wanted.parameters where !name.hasSuffix("fc1.bias") {
      let own = try #require(part.parameters[name])
      #expect(Deviation(own, from: value).relativeToLargest < 1e-3, "\(name)")
    }
  }

  @Test func `misuse is refused with an error`() async throws {
    let training = OneDNNTraining(Self.network, on: ComputeStream(name: "misuse"))
    let scope = TrainingScope.all(of: Self.network)
    let pass = try await training.forward(Self.input, weights: Self.weights, scope: scope)
    await #expect(throws: OneDNNError.self) {
      try await training.backward(Tensor(repeating: 0, [4, 5]), through: pass)
    }
    var weights = Self.weights
    weights["fc.bias"] = nil
    await #expect(throws: NetworkError.self) {
      try await training.forward(Self.input, weights: weights, scope: scope)
    }
    await #expect(throws: NetworkError.self) {
      try await training.forward(Tensor(repeating: 0, [4, 2, 32, 32]), weights: Self.weights, scope: scope)
    }
    await #expect(throws: NetworkError.tooFewForStatistics(batchNorm: "layer1.0.shrink.bn")) {
      try await training.forward(Tensor(repeating: 0, [1, 3, 64, 64]), weights: Self.weights, scope: scope)
    }
    var unknown = scope
    unknown.parameters.insert("nowhere.weight")
    await #expect(throws: NetworkError.self) {
      try await training.forward(Self.input, weights: Self.weights, scope: unknown)
    }
  }

  @Test func `two passes on their way do not disturb each other, nor does a release`() async throws {
    let training = OneDNNTraining(Self.network, on: ComputeStream(name: "two"))
    let scope = TrainingScope.all(of: Self.network)
    let alone = try await training.forward(Self.input, weights: Self.weights, scope: scope)
    let expected = try await training.backward(Self.gradient, through: alone)
    let first = try await training.forward(Self.input, weights: Self.weights, scope: scope)
    let other = Weights.seeded(for: Self.network, seed: 9, .varied)
    let second = try await training.forward(Tensor(repeating: 2, Self.input.shape), weights: other, scope: scope)
    #expect(try await training.backward(Self.gradient, through: first).parameters == expected.parameters)
    let gradients = try await training.backward(Self.gradient, through: second)
    #expect(gradients.parameters != expected.parameters)
    await training.release()
    #expect(try await training.backward(Self.gradient, through: second).parameters == gradients.parameters)
    #expect(try await training.backward(Self.gradient, through: alone).parameters == expected.parameters)
  }

  @Test func `steps on a thread teach a network a batch`() async throws {
    let network = Network.drsn18(width: .quarter).resized(height: 32, width: 32)
    let training = OneDNNTraining(network, on: ComputeStream(name: "learn"))
    let scope = TrainingScope.all(of: network)
    var weights = Weights.seeded(for: network, seed: 3)
    let labels = [0, 1, 2, 3]
    var losses: [Float] = []
    for _ in 0..<12 {
      let pass = try await training.forward(Self.input, weights: weights, scope: scope)
      let loss = try Loss.crossEntropy.evaluate(logits: pass.output, labels: labels, centers: nil)
      losses.append(Float(loss.value))
      for (name, gradient) in try await training.backward(loss.logits, through: pass).parameters {
        let values = zip(try #require(weights[name]).elements, gradient.elements).map { $0 - 0.02 * $1 }
        weights[name] = Tensor(gradient.shape, values)
      }
      weights.merge(pass.runningStatistics) { _, new in new }
    }
    #expect(losses[11] < 0.2 * losses[0], "\(losses)")
  }
}
