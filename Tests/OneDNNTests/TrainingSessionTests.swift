import Neural
import NeuralTestSupport
import OneDNN
import Tensors
import Testing

/// Sessions beside the reference's steps, and what a session promises about its state.
@Suite struct TrainingSessionTests {
  static let network = Network.drsn18(width: .quarter).resized(height: 32, width: 32)
  static let weights = Weights.seeded(for: network, seed: 1)
  static let input = HashNormal(seed: 2, stream: "input").tensor([4, 3, 32, 32], deviation: 1)
  static let labels = [0, 3, 5, 3]
  static let optimizers: [Optimizer] = [
    Optimizer(.sgd(), learningRate: 0.01, decay: 0.01),
    Optimizer(.sgd(momentum: 0.9, isNesterov: true), learningRate: 0.01, decay: 1e-3, groups: [noDecay]),
    Optimizer(.adam(), learningRate: 1e-3, decay: 1e-3),
    Optimizer(.adamW(), learningRate: 1e-3, decay: 0.05, groups: [noDecay]),
  ]
  static let noDecay = Optimizer.Group(
    Set(
      network.parameters.filter { $0.isTrainable && $0.shape.rank == 1 }.map(\.name)), rateFactor: 0.5, decay: 0)

  private func session(
    _ scope: TrainingScope? = nil, centers: Tensor<Float>? = nil, threads: Int = 1
  ) throws -> TrainingSession {
    try TrainingSession(
      Self.network, weights: Self.weights, centers: centers, scope: scope ?? .all(of: Self.network),
      on: ComputeStream(name: "session", threads: threads))
  }

  /// The samples of the batch from `first` on.
  private func batch(_ range: Range<Int>) -> Tensor<Float> {
    let each = Self.input.count / 4
    return Tensor(
      [range.count, 3, 32, 32], Array(Self.input.elements[range.lowerBound * each..<range.upperBound * each]))
  }

  @Test(arguments: optimizers.indices)
  func `a few steps are the reference's`(_ index: Int) async throws {
    let optimizer = Self.optimizers[index]
    let session = try session(threads: 2)
    let scope = TrainingScope.all(of: Self.network)
    var judge = JudgedSteps(Self.weights, optimizer)
    for number in 1...3 {
      // Each from the session's weights: the judge's own would drift away by chaos, not by error.
      judge.weights = await session.weights()
      let pass = try ReferenceTraining<Float>(Self.network).forward(Self.input, weights: judge.weights, scope: scope)
      let loss = try Loss.crossEntropy.evaluate(logits: pass.output, labels: Self.labels)
      let gradients = try ReferenceTraining<Float>(Self.network).backward(loss.logits, through: pass).parameters
      let step = try await session.step(
        Self.input, labels: Self.labels, loss: .crossEntropy, optimizer: optimizer)
      #expect(abs(step.loss - loss.value) < 1e-3 * loss.value, "step \(number)")
      #expect(Deviation(step.logits, from: pass.output).relativeToLargest < 1e-3)
      // Rounding may take a value across the zero of a ReLU or the threshold of a shrinkage. Where a layer has few
      // positions, as the last ones of this small picture, one of them weighs on every gradient below it; which step
      // meets one depends on the processor's kernels. The seeded weights meet none.
      let tolerance = number == 1 ? 1e-2 : 0.2
      var own: Weights = [:]
      var (difference, whole) = (0.0, 0.0)
      for (name, expected) in gradients {
        own[name] = await session.gradient(name)
        let gradient = try #require(own[name])
        if name.hasSuffix("fc1.bias") { continue }
        #expect(Deviation(gradient, from: expected).relativeToLargest < tolerance, "\(name) of step \(number)")
        for (a, b) in zip(gradient.elements, expected.elements) {
          difference += Double(a - b) * Double(a - b)
          whole += Double(b) * Double(b)
        }
      }
      #expect((difference / whole).squareRoot() < (number == 1 ? 1e-3 : 3e-2), "all gradients of step \(number)")
      // The update itself is exact but for rounding, from the session's own gradients.
      judge.step(own)
      for (name, expected) in judge.weights where own[name] != nil {
        let held = await session.parameter(name)
        let value = try #require(held)
        #expect(Deviation(value, from: expected).relativeToLargest < 1e-5, "\(name) after step \(number)")
      }
      for (name, expected) in pass.runningStatistics {
        let held = await session.parameter(name)
        let value = try #require(held)
        #expect(Deviation(value, from: expected).relativeToLargest < 1e-3, "\(name) after step \(number)")
      }
    }
  }

  @Test(arguments: optimizers.indices)
  func `a session restored from a snapshot goes on with the same bits`(_ index: Int) async throws {
    let optimizer = Self.optimizers[index]
    let loss = Loss.crossEntropyAndCenters(weight: 0.1)
    let centers = CenterLoss.seeded(classes: 6, seed: 4)
    func run(_ session: TrainingSession, _ steps: Range<Int>) async throws -> [Float] {
      var losses: [Float] = []
      for step in steps {
        // A short batch now and then, as at an epoch's end.
        let range = step % 3 == 2 ? 0..<2 : 0..<4
        losses.append(
          try await session.step(
            batch(range), labels: Array(Self.labels[range]), loss: loss, optimizer: optimizer
          ).loss)
      }
      return losses
    }
    let whole = try session(centers: centers)
    var losses = try await run(whole, 0..<2)
    let snapshot = await whole.state()
    losses += try await run(whole, 2..<5)
    #expect(losses[4] < losses[0], "\(losses)")
    let final = await whole.state()
    #expect(final != snapshot && final.moments.count == optimizer.rule.momentCount)
    #expect(final.centers != centers && final.updates["centers"] == 5)

    let resumed = try TrainingSession(
      Self.network, state: snapshot, scope: .all(of: Self.network), on: ComputeStream(name: "resumed"))
    #expect(await resumed.state() == snapshot)
    #expect(try await run(resumed, 2..<5) == Array(losses[2...]))
    #expect(await resumed.state() == final)
    // Back in the same session, whose plans are there already.
    try await whole.restore(snapshot)
    #expect(try await run(whole, 2..<5) == Array(losses[2...]))
    #expect(await whole.state() == final)
  }

  @Test func `a frozen trunk stays as it is, in evaluation mode, and costs no backward pass`() async throws {
    let scope = try TrainingScope.nodes(["fc"], of: Self.network)
    let session = try session(scope)
    let stream = ComputeStream(name: "inference")
    let compiled = try await stream.compile(PreparedNetwork(Self.network, weights: Self.weights), batch: 4)
    let output = try await stream.run(compiled, Self.input)
    var losses: [Float] = []
    for number in 0..<8 {
      let step = try await session.step(
        Self.input, labels: Self.labels, loss: .crossEntropy, optimizer: Self.optimizers[2])
      if number == 0 { #expect(Deviation(step.logits, from: output).relativeToLargest < 1e-5) }
      losses.append(step.loss)
    }
    // One sample is enough where no batch norm goes by the batch.
    let single = try await session.step(
      batch(0..<1), labels: [0], loss: .crossEntropy, optimizer: Self.optimizers[2])
    #expect(single.logits.shape == [1, 6])
    #expect(losses[7] < losses[0], "\(losses)")
    let weights = await session.weights()
    for (name, value) in Self.weights { #expect((weights[name] == value) == !name.hasPrefix("fc."), "\(name)") }
    let work = Set(await session.durations().map(\.work))
    #expect(work.contains("convolution forward"))
    #expect(work.isDisjoint(with: ["convolution backward, data", "convolution backward, weights"]))

    // Unfrozen from the last stage on: its batch norms follow the batches, what is below stays.
    let tail = Set(Self.network.nodes.map(\.name).filter { $0.hasPrefix("layer4.") || $0 == "fc" })
    try await session.setScope(.nodes(tail, of: Self.network))
    _ = try await session.step(
      Self.input, labels: Self.labels, loss: .crossEntropy, optimizer: Self.optimizers[2])
    let after = await session.weights()
    for (name, value) in Self.weights where name.hasPrefix("layer3.") || name.hasPrefix("conv1") {
      #expect(after[name] == value, "\(name)")
    }
    for name in ["layer4.0.conv1.weight", "layer4.1.bn2.running_mean", "layer4.0.shrink.bn.running_var"] {
      #expect(after[name] != Self.weights[name], "\(name)")
    }
    let updates = await session.state().updates
    #expect(updates["fc.weight"] == 10 && updates["layer4.0.conv1.weight"] == 1 && updates["conv1.weight"] == nil)
  }

  @Test func `a smaller last batch is a batch like any other`() async throws {
    let scope = TrainingScope.all(of: Self.network)
    let session = try session()
    _ = try await session.step(Self.input, labels: Self.labels, loss: .crossEntropy, optimizer: Self.optimizers[1])
    let bytes = await session.byteCount
    let before = await session.weights()
    let last = try await session.step(
      batch(0..<3), labels: [0, 3, 5], loss: .crossEntropy, optimizer: Self.optimizers[1])
    #expect(last.logits.shape == [3, 6])
    let other = try TrainingSession(Self.network, weights: before, scope: scope, on: ComputeStream(name: "last"))
    #expect(try await other.forward(batch(0..<3)).output == last.logits)
    #expect(await session.byteCount > bytes)
    // Both plans stay: another epoch needs no more memory.
    let both = await session.byteCount
    _ = try await session.step(Self.input, labels: Self.labels, loss: .crossEntropy, optimizer: Self.optimizers[1])
    _ = try await session.step(
      batch(0..<3), labels: [0, 3, 5], loss: .crossEntropy, optimizer: Self.optimizers[1])
    #expect(await session.byteCount == both)
  }

  @Test func `correct counts the labels with the best score`() async throws {
    var network = Network(name: "scores", inputShape: [6, 1, 1])
    let pooled = network.append("pool", .globalAveragePool, .input)
    _ = network.append("fc", .linear(input: 6, output: 6), pooled)
    let identity = Tensor<Float>([6, 6], (0..<36).map { $0 % 7 == 0 ? 1 : 0 })
    let session = try TrainingSession(
      network, weights: ["fc.weight": identity, "fc.bias": Tensor(repeating: 0, [6])],
      centers: Tensor([6, 6], identity.elements.reversed()), scope: .all(of: network),
      on: ComputeStream(name: "scores"))
    let rows: [[Float]] = [[0, 2, 1, 0, 0, 0], [3, 0, 0, 0, 0, 1], [0, 0, 0, 0, .nan, 1]]
    let input = Tensor<Float>([3, 6, 1, 1], rows.flatMap { $0 })
    let frozen = Optimizer(.sgd(), learningRate: 1e-30)
    let plain = try await session.step(input, labels: [1, 5, 5], loss: .crossEntropy, optimizer: frozen)
    #expect(plain.correct == 1)
    try await session.restore(
      TrainingState(
        weights: ["fc.weight": identity, "fc.bias": Tensor(repeating: 0, [6])],
        centers: Tensor([6, 6], identity.elements.reversed())))
    // By the centres, which stand in reverse, each class is another's.
    let finite = Tensor<Float>([2, 6, 1, 1], rows[0...1].flatMap { $0 })
    let nearest = try await session.step(finite, labels: [4, 5], loss: .centers, optimizer: frozen)
    #expect(nearest.correct == 0 || nearest.correct == 2)
    let scores = try CenterLoss.scores(
      outputs: Tensor([2, 6], finite.elements), centers: Tensor([6, 6], identity.elements.reversed()))
    let best = (0..<2).map { row in (0..<6).max { scores[row * 6 + $0] < scores[row * 6 + $1] } }
    #expect(nearest.correct == zip(best, [4, 5]).filter { $0 == $1 }.count)
  }

  @Test func `bad input is refused, and changes nothing`() async throws {
    let session = try session()
    let before = await session.state()
    let good = Self.optimizers[2]
    func step(
      _ input: Tensor<Float> = Self.input, _ labels: [Int] = Self.labels, _ loss: Loss = .crossEntropy,
      _ optimizer: Optimizer? = nil
    ) async throws {
      _ = try await session.step(input, labels: labels, loss: loss, optimizer: optimizer ?? good)
    }
    await #expect(throws: LossError.labelOutOfRange(label: 6, classes: 6)) { try await step(Self.input, [0, 6, 1, 2]) }
    await #expect(throws: LossError.labelOutOfRange(label: -1, classes: 6)) {
      try await step(Self.input, [0, -1, 1, 2])
    }
    await #expect(throws: LossError.unfitLabels(logits: [4, 6], labels: 3)) { try await step(Self.input, [0, 1, 2]) }
    await #expect(throws: LossError.missingCenters) { try await step(Self.input, Self.labels, .centers) }
    await #expect(throws: NetworkError.self) { try await step(Tensor(repeating: 0, [4, 2, 32, 32])) }
    await #expect(throws: NetworkError.tooFewForStatistics(batchNorm: "layer1.0.shrink.bn")) {
      try await step(batch(0..<1), [0])
    }
    await #expect(throws: OptimizerError.outOfRange("learning rate", 0)) {
      try await step(Self.input, Self.labels, .crossEntropy, Optimizer(.adam(), learningRate: 0))
    }
    await #expect(throws: OptimizerError.unknownParameters(["bn1.running_mean", "nowhere.weight"])) {
      let group = Optimizer.Group(["nowhere.weight", "bn1.running_mean", "fc.bias"], decay: 0)
      try await step(Self.input, Self.labels, .crossEntropy, Optimizer(.adam(), learningRate: 1, groups: [group]))
    }
    #expect(await session.state() == before)

    try await step()
    await #expect(throws: OptimizerError.otherRule) {
      try await step(Self.input, Self.labels, .crossEntropy, Self.optimizers[1])
    }
    try await step(Self.input, Self.labels, .crossEntropy, Self.optimizers[3])
    await #expect(throws: NetworkError.self) {
      try await session.setScope(TrainingScope(parameters: ["nowhere.weight"], batchNorms: []))
    }
  }

  @Test func `a state that is not the network's is refused`() async throws {
    let session = try session()
    _ = try await session.step(Self.input, labels: Self.labels, loss: .crossEntropy, optimizer: Self.optimizers[2])
    let good = await session.state()
    func expectRefused(_ error: NetworkError, _ change: (inout TrainingState) -> Void) async {
      var state = good
      change(&state)
      await #expect(throws: error) { try await session.restore(state) }
    }
    let name = Self.network.name
    await expectRefused(.missingParameters(network: name, names: ["fc.bias"])) { $0.weights["fc.bias"] = nil }
    await expectRefused(.misshapenParameter(name: "fc.bias", expected: [6], given: [5])) {
      $0.weights["fc.bias"] = Tensor(repeating: 0, [5])
    }
    await expectRefused(.misshapenParameter(name: "fc.bias", expected: [6], given: [5])) {
      $0.moments[1]["fc.bias"] = Tensor(repeating: 0, [5])
    }
    await expectRefused(.missingParameters(network: name, names: ["fc.bias"])) { $0.moments[0]["fc.bias"] = nil }
    await expectRefused(.unknownNames(network: name, names: ["nowhere"])) { $0.updates["nowhere"] = 1 }
    await expectRefused(.invalidParameter(name: "moments", reason: "number 1, not 2")) { $0.moments.removeLast() }
    await expectRefused(.misshapenParameter(name: "centers", expected: [6, 6], given: [5, 5])) {
      $0.centers = Tensor(repeating: 0, [5, 5])
    }
    // A session has centres from its beginning or not at all.
    await expectRefused(.unknownNames(network: name, names: ["centers"])) {
      $0 = TrainingState(weights: $0.weights, centers: Tensor(repeating: 0, [6, 6]))
    }
    #expect(await session.state() == good)
    #expect(await session.parameter("fc.weight") == good.weights["fc.weight"])
    #expect(await session.parameter("nowhere") == nil)
    #expect(await session.gradient("bn1.running_mean") == nil)
    #expect(await session.gradient("fc.bias")?.shape == [6])
  }
}

/// The optimizers' formulas once more, a number at a time and in Double.
private struct JudgedSteps {
  var weights: Weights
  private let optimizer: Optimizer
  private var first: [String: [Double]] = [:]
  private var second: [String: [Double]] = [:]
  private var count = 0

  init(_ weights: Weights, _ optimizer: Optimizer) { (self.weights, self.optimizer) = (weights, optimizer) }

  mutating func step(_ gradients: Weights) {
    count += 1
    for (name, gradient) in gradients {
      let group = optimizer.groups.first { $0.names.contains(name) }
      let rate = optimizer.learningRate * (group?.rateFactor ?? 1)
      let decay = group?.decay ?? optimizer.decay
      let values = weights[name]!.elements.map(Double.init)
      var (m, v) = (
        first[name] ?? [Double](repeating: 0, count: values.count),
        second[name] ?? [Double](repeating: 0, count: values.count)
      )
      var new: [Float] = []
      for (index, value) in values.enumerated() {
        let g = Double(gradient[index])
        switch optimizer.rule {
        case .sgd(let momentum, let isNesterov):
          let slope = g + decay * value
          m[index] = momentum * m[index] + slope
          new.append(Float(value - rate * (isNesterov ? slope + momentum * m[index] : m[index])))
        case .adam(let adam), .adamW(let adam):
          let isDecoupled = if case .adamW = optimizer.rule { true } else { false }
          let slope = isDecoupled ? g : g + decay * value
          m[index] = adam.mean * m[index] + (1 - adam.mean) * slope
          v[index] = adam.square * v[index] + (1 - adam.square) * slope * slope
          var (mean, square) = (m[index], v[index])
          var (meanShare, squareShare) = (1.0, 1.0)
          for _ in 0..<count { (meanShare, squareShare) = (meanShare * adam.mean, squareShare * adam.square) }
          (mean, square) = (mean / (1 - meanShare), square / (1 - squareShare))
          let kept = isDecoupled ? value * (1 - rate * decay) : value
          new.append(Float(kept - rate * mean / (square.squareRoot() + adam.epsilon)))
        }
      }
      (first[name], second[name]) = (m, v)
      weights[name] = Tensor(gradient.shape, new)
    }
  }
}
