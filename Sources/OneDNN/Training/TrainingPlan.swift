internal import COneDNN
internal import Neural
internal import Tensors

/// A network compiled for training steps of one scope and batch shape: steps forward, steps backward, one arena. Lives
/// on, and is run by, the thread that made it. Parameters come from the store it was compiled for, and gradients go
/// there.
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

  let store: ParameterStore
  let input: Plan.Result
  let output: Plan.Result
  private let outputGradient: Plan.Result
  private let inputGradient: Plan.Result?
  private let engine: Engine
  private let arena: ArenaMemory
  private let forwardSteps: [Step]
  private let backwardSteps: [Step]
  private let parameters: TrainingParameters
  private let statistics: [Statistics]
  /// Time spent by work since the plan was made.
  private(set) var durations: [String: Duration] = [:]

  init(
    _ store: ParameterStore, engine: Engine, arena: ArenaMemory, forward: [Step], backward: [Step],
    parameters: TrainingParameters, statistics: [Statistics], input: Plan.Result, output: Plan.Result,
    outputGradient: Plan.Result, inputGradient: Plan.Result?
  ) {
    (self.store, self.engine, self.arena) = (store, engine, arena)
    (forwardSteps, backwardSteps) = (forward, backward)
    (self.parameters, self.statistics) = (parameters, statistics)
    (self.input, self.output) = (input, output)
    (self.outputGradient, self.inputGradient) = (outputGradient, inputGradient)
  }

  /// Activations, scratch and packed parameters, without the store.
  var byteCount: Int { arena.buffer.byteCount + parameters.byteCount }

  /// Computes the output from `values`, of the input's shape, and the store's parameters.
  func forward(_ values: Tensor<Float>) throws(OneDNNError) -> Tensor<Float> {
    try measure("weights in") { () throws(OneDNNError) in try parameters.pack() }
    input.fill(with: values)
    try run(forwardSteps)
    return output.tensor
  }

  /// Leaves the gradients of the scope's parameters in the store, from that of the output, of its shape; returns the
  /// input's where the scope asks for it and anything trainable or the input reaches the output.
  func backward(_ gradient: Tensor<Float>) throws(OneDNNError) -> Tensor<Float>? {
    outputGradient.fill(with: gradient)
    try run(backwardSteps)
    try measure("gradients out") { () throws(OneDNNError) in try parameters.unpack() }
    return inputGradient?.tensor
  }

  /// The running statistics after the last forward pass, from those in the store.
  func runningStatistics() -> Weights {
    var result: Weights = [:]
    for batch in statistics {
      let names = ("\(batch.prefix).running_mean", "\(batch.prefix).running_var")
      guard let mean = store.layout[names.0], let variance = store.layout[names.1] else { continue }
      let updated = ReferenceLayers<Float>.runningStatistics(
        mean: ParameterStore.read(store.values, mean), variance: ParameterStore.read(store.values, variance),
        batchMean: Tensor(mean.shape, UnsafeBufferPointer(start: batch.mean.floats, count: mean.shape.count)),
        batchVariance: Tensor(mean.shape, UnsafeBufferPointer(start: batch.variance.floats, count: mean.shape.count)),
        count: batch.count)
      (result[names.0], result[names.1]) = (updated.mean, updated.variance)
    }
    return result
  }

  private func run(_ steps: [Step]) throws(OneDNNError) {
    let clock = ContinuousClock()
    for step in steps {
      let start = clock.now
      try step.run(engine)
      durations[step.work.rawValue, default: .zero] += clock.now - start
    }
    try engine.wait()
  }

  private func measure(_ name: String, _ body: () throws(OneDNNError) -> Void) throws(OneDNNError) {
    let start = ContinuousClock.now
    try body()
    durations[name, default: .zero] += ContinuousClock.now - start
  }
}
