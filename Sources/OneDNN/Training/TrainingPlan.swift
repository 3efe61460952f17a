internal import COneDNN
internal import Neural
internal import Tensors

/// What a step of a training plan is for; training time is reported by it.
enum TrainingWork: String, CaseIterable {
  case convolutionForward = "convolution forward"
  case convolutionData = "convolution backward, data"
  case convolutionWeights = "convolution backward, weights"
  case batchNorm = "batch norm"
  case attention
  case pooling
  case elementwise = "addition and ReLU"
  case linear
  case reorder
}

/// A network compiled for training steps of one scope and batch shape: steps forward, steps backward, one arena. Lives
/// on, and is run by, the thread that made it.
///
/// Activations stay in the arena from `forward` to `backward`; the next `forward` overwrites them.
final class TrainingPlan {
  /// The statistics one batch norm saw in the last forward pass.
  struct Statistics {
    let prefix: String
    let mean: AlignedBuffer
    let variance: AlignedBuffer
    /// How many numbers a channel.
    let count: Int
  }

  struct Timed {
    let work: TrainingWork
    let step: any Step
  }

  let scope: TrainingScope
  let input: Plan.Result
  let output: Plan.Result
  let outputGradient: Plan.Result
  let inputGradient: Plan.Result?
  private let engine: Engine
  private let arena: ArenaMemory
  private let forwardSteps: [Timed]
  private let backwardSteps: [Timed]
  private let parameters: TrainingParameters
  private let statistics: [Statistics]
  /// Time spent by work since the plan was made.
  private(set) var durations: [String: Duration] = [:]
  /// Counts forward passes, so that a backward pass can tell whether its activations are still there.
  private(set) var generation = 0

  init(
    scope: TrainingScope, engine: Engine, arena: ArenaMemory, forward: [Timed], backward: [Timed],
    parameters: TrainingParameters, statistics: [Statistics], input: Plan.Result, output: Plan.Result,
    outputGradient: Plan.Result, inputGradient: Plan.Result?
  ) {
    (self.scope, self.engine, self.arena) = (scope, engine, arena)
    (forwardSteps, backwardSteps) = (forward, backward)
    (self.parameters, self.statistics) = (parameters, statistics)
    (self.input, self.output) = (input, output)
    (self.outputGradient, self.inputGradient) = (outputGradient, inputGradient)
  }

  /// Activations, gradients, scratch and packed parameters.
  var byteCount: Int { arena.buffer.byteCount + parameters.byteCount }

  /// Computes `output` from `values`, of the input's shape, and `weights`.
  func forward(_ values: Tensor<Float>, weights: Weights) throws(OneDNNError) {
    generation += 1
    try measure("weights in") { () throws(OneDNNError) in try parameters.load(weights) }
    values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { input.values.update(from: base, count: source.count) }
    }
    try run(forwardSteps)
  }

  /// Computes the gradients from that of the output, of its shape.
  func backward(_ gradient: Tensor<Float>) throws(OneDNNError) -> Gradients<Float> {
    gradient.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { outputGradient.values.update(from: base, count: source.count) }
    }
    try run(backwardSteps)
    var named: Weights = [:]
    try measure("gradients out") { () throws(OneDNNError) in named = try parameters.gradients(of: scope.parameters) }
    return Gradients(
      parameters: named,
      input: scope.includesInput ? inputGradient.map { Tensor($0.shape, $0.buffer) } ?? Tensor(input.shape) : nil)
  }

  /// The running statistics after the last forward pass, from those in `weights`.
  func runningStatistics(after weights: Weights) -> Weights {
    var result: Weights = [:]
    for batch in statistics {
      guard let mean = weights["\(batch.prefix).running_mean"], let variance = weights["\(batch.prefix).running_var"]
      else { continue }
      let shape = mean.shape
      let updated = ReferenceLayers<Float>.runningStatistics(
        mean: mean, variance: variance,
        batchMean: Tensor(shape, UnsafeBufferPointer(start: batch.mean.floats, count: shape.count)),
        batchVariance: Tensor(shape, UnsafeBufferPointer(start: batch.variance.floats, count: shape.count)),
        count: batch.count)
      result["\(batch.prefix).running_mean"] = updated.mean
      result["\(batch.prefix).running_var"] = updated.variance
    }
    return result
  }

  private func run(_ steps: [Timed]) throws(OneDNNError) {
    let clock = ContinuousClock()
    for timed in steps {
      let start = clock.now
      try timed.step.execute(on: engine)
      durations[timed.work.rawValue, default: .zero] += clock.now - start
    }
    try engine.wait()
  }

  private func measure(_ name: String, _ body: () throws(OneDNNError) -> Void) throws(OneDNNError) {
    let start = ContinuousClock.now
    try body()
    durations[name, default: .zero] += ContinuousClock.now - start
  }
}

/// A step that is one of our own kernels.
final class KernelStep: Step {
  private let body: (Engine) throws(OneDNNError) -> Void
  init(_ body: @escaping (Engine) throws(OneDNNError) -> Void) { self.body = body }
  func execute(on engine: Engine) throws(OneDNNError) { try body(engine) }
}
