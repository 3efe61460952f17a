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
    let scope = TrainingScope.all(of: Self.network)
    let session = try TrainingSession(
      Self.network, weights: Self.weights, scope: scope, on: ComputeStream(name: "repeat"))
    func pass() async throws -> (output: Tensor<Float>, running: Weights, gradients: [Tensor<Float>?]) {
      let (output, running) = try await session.forward(Self.input)
      _ = try await session.backward(Self.gradient)
      var gradients: [Tensor<Float>?] = []
      for name in scope.parameters.sorted() { gradients.append(await session.gradient(name)) }
      return (output, running, gradients)
    }
    let first = try await pass()
    let bytes = await session.byteCount
    try await session.restore(TrainingState(weights: .seeded(for: Self.network, seed: 9, .varied)))
    let between = try await pass()
    #expect(between.output != first.output && between.gradients != first.gradients)
    try await session.restore(TrainingState(weights: Self.weights))
    let again = try await pass()
    #expect(again.output == first.output && again.running == first.running && again.gradients == first.gradients)
    #expect(await session.byteCount == bytes && bytes > 0)
  }

  @Test func `a frozen trunk has no gradients, and costs none of their time`() async throws {
    let training = SessionBackend(Self.network, on: ComputeStream(name: "frozen"))
    let all = try await training.forward(Self.input, weights: Self.weights, scope: .all(of: Self.network))
    _ = try await training.backward(Self.gradient, through: all)
    let work = Set(await all.session.durations().map(\.work))
    #expect(
      work.isSuperset(of: ["convolution forward", "convolution backward, data", "convolution backward, weights"]))

    let scope = try TrainingScope.nodes(["fc"], of: Self.network)
    let pass = try await training.forward(Self.input, weights: Self.weights, scope: scope)
    let gradients = try await training.backward(Self.gradient, through: pass)
    #expect(Set(gradients.parameters.keys) == ["fc.weight", "fc.bias"] && gradients.input == nil)
    #expect(pass.runningStatistics.isEmpty)
    // Frozen is evaluation mode: what inference gives.
    let stream = ComputeStream(name: "inference")
    let compiled = try await stream.compile(PreparedNetwork(Self.network, weights: Self.weights), batch: 4)
    let output = try await stream.run(compiled, Self.input)
    #expect(Deviation(pass.output, from: output).relativeToLargest < 1e-5)
    let done = Set(await pass.session.durations().map(\.work))
    #expect(done.isDisjoint(with: ["convolution backward, data", "convolution backward, weights"]))
    let (less, more) = (await pass.session.byteCount, await all.session.byteCount)
    #expect(less < more)

    // From the last stage on: nothing below it.
    let names = Self.network.nodes.map(\.name).filter { $0.hasPrefix("layer4.") || $0 == "fc" }
    let tail = try TrainingScope.nodes(Set(names), of: Self.network)
    let last = try await training.forward(Self.input, weights: Self.weights, scope: tail)
    let part = try await training.backward(Self.gradient, through: last)
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
    let training = SessionBackend(Self.network, on: ComputeStream(name: "misuse"))
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

  @Test func `two sessions on one stream do not disturb each other`() async throws {
    let training = SessionBackend(Self.network, on: ComputeStream(name: "two"))
    let scope = TrainingScope.all(of: Self.network)
    let alone = try await training.forward(Self.input, weights: Self.weights, scope: scope)
    let expected = try await training.backward(Self.gradient, through: alone)
    let first = try await training.forward(Self.input, weights: Self.weights, scope: scope)
    let other = Weights.seeded(for: Self.network, seed: 9, .varied)
    let second = try await training.forward(Tensor(repeating: 2, Self.input.shape), weights: other, scope: scope)
    #expect(try await training.backward(Self.gradient, through: first).parameters == expected.parameters)
    #expect(try await training.backward(Self.gradient, through: second).parameters != expected.parameters)
  }

  @Test func `steps on a thread teach a network a batch`() async throws {
    let session = try TrainingSession(
      Self.network, weights: .seeded(for: Self.network, seed: 3), scope: .all(of: Self.network),
      on: ComputeStream(name: "learn"))
    let optimizer = Optimizer(.sgd(), learningRate: 0.02)
    var losses: [Float] = []
    for _ in 0..<12 {
      losses.append(
        try await session.step(Self.input, labels: [0, 1, 2, 3], loss: .crossEntropy, optimizer: optimizer).loss)
    }
    #expect(losses[11] < 0.2 * losses[0], "\(losses)")
  }
}
