package import Neural
internal import Services
package import Tensors

/// A network in training on the thread, and the OpenMP threads, of one stream: owner of its parameters, gradients and
/// the optimizer's moments, each one flat buffer with named views.
///
/// Everything is checked when it comes in; a step moves a batch in and logits out, nothing else. The first step of an
/// input shape compiles a plan, which later steps of the same shape reuse; a shape that comes back is still there, up
/// to `planLimit`, so that the short last batch of an epoch costs one compilation.
///
/// The same state and the same steps give the same bits, whatever was snapshot or restored between them.
package actor TrainingSession {
  /// What one step has told.
  package struct Step: Sendable {
    /// Of the parameters before the step.
    package let loss: Float
    /// `[N, K]`, of the parameters before the step.
    package let logits: Tensor<Float>
    /// How many samples' labels had the best score.
    package let correct: Int
  }

  /// How many input shapes' plans a session keeps: the full batch and a short last one.
  package static let planLimit = 2

  package nonisolated let network: Network
  private nonisolated let stream: ComputeStream
  package nonisolated var unownedExecutor: UnownedSerialExecutor { stream.unownedExecutor }

  /// What the steps change.
  package private(set) var scope: TrainingScope

  private let store: ParameterStore
  /// The rule of the moments, nil before the first step.
  private var rule: Optimizer.Rule?
  private var moments: [AlignedBuffer] = []
  /// How often each parameter was updated, by its place among the trainable views.
  private var updates: [Int]
  /// The most recently used last.
  private var plans: [(input: Shape, plan: TrainingPlan)] = []
  /// The last optimizer, which has been checked, and each trainable view's rate and decay under it.
  private var settings: (optimizer: Optimizer, of: [(rate: Double, decay: Double)])?

  /// Begins with `weights`, which must be exactly the network's, and `centers` `[K, K]` for losses that have them.
  package init(
    _ network: Network, weights: Weights, centers: Tensor<Float>? = nil, scope: TrainingScope,
    on stream: ComputeStream
  ) throws(NetworkError) {
    try self.init(network, state: TrainingState(weights: weights, centers: centers), scope: scope, on: stream)
  }

  /// Goes on from a snapshot.
  package init(
    _ network: Network, state: TrainingState, scope: TrainingScope, on stream: ComputeStream
  ) throws(NetworkError) {
    try scope.validate(for: network)
    let layout = try state.layout(for: network)
    (self.network, self.stream, self.scope) = (network, stream, scope)
    store = ParameterStore(layout)
    rule = state.rule
    updates = layout.trainable.map { state.updates[$0.name] ?? 0 }
    moments = Self.load(state, into: store)
  }

  // MARK: Steps

  /// One step on a batch `[N, C, H, W]`, any N, with N labels in 0..<K.
  ///
  /// The batch norms in the scope go by the batch and move their running statistics; the parameters in the scope, and
  /// the centres where the loss has them, move by their gradients. Nothing has changed where it throws.
  package func step(
    _ batch: Tensor<Float>, labels: [Int], loss: Loss, optimizer: Optimizer
  ) throws -> Step {
    try LossError.check(outputShape(for: batch.shape), labels)
    if loss.usesCenters, store.layout[TrainingState.centersName] == nil { throw LossError.missingCenters }
    let settings = try settings(of: optimizer)

    let (logits, runningStatistics) = try forward(batch)
    let centers = centers
    let result = try loss.evaluate(logits: logits, labels: labels, centers: centers)
    let correct = Self.correct(try loss.scores(logits, centers: centers), labels)
    _ = try backward(result.logits)
    for (name, statistics) in runningStatistics {
      ParameterStore.write(statistics, to: store.values, store.layout[name]!)
    }
    if let gradient = result.centers {
      ParameterStore.write(gradient, to: store.gradients, store.layout[TrainingState.centersName]!)
    }
    update(by: optimizer.rule, settings, movesCenters: result.centers != nil)
    return Step(loss: result.value, logits: logits, correct: correct)
  }

  /// The output for a batch `[N, C, H, W]`, any N, in training mode, and the running statistics after it, by parameter
  /// name. Changes nothing of the network.
  package func forward(_ batch: Tensor<Float>) throws -> (output: Tensor<Float>, runningStatistics: Weights) {
    _ = try outputShape(for: batch.shape)
    let plan = try plan(for: batch.shape)
    let output = try plan.forward(batch)
    return (output, plan.runningStatistics())
  }

  /// Leaves for `gradient(_:)` the gradients of a loss whose gradient at the last forward pass's output is given.
  /// Returns that at the input where the scope asks for it; nil where nothing leads from the input to the output.
  package func backward(_ outputGradient: Tensor<Float>) throws -> Tensor<Float>? {
    guard let plan = plans.last?.plan, plan.output.shape == outputGradient.shape else {
      throw OneDNNError(.invalidNetwork, "a gradient of \(outputGradient.shape) that is not the last output's")
    }
    return try plan.backward(outputGradient)
  }

  /// Changes from the next step on other parameters and batch norms; moments of those left out wait.
  package func setScope(_ scope: TrainingScope) throws(NetworkError) {
    try scope.validate(for: network)
    if scope != self.scope { plans = [] }
    self.scope = scope
  }

  // MARK: State

  /// The network's weights as they are, running statistics included.
  package func weights() -> Weights { read(store.values, store.layout.views) }

  /// Everything that a later session needs to go on with the same bits.
  package func state() -> TrainingState {
    TrainingState(
      weights: weights(), centers: centers, rule: rule,
      moments: moments.map { read($0, store.layout.trainable, withCenters: true) },
      updates: Dictionary(
        uniqueKeysWithValues: zip(store.layout.trainable.map(\.name), updates).filter { $0.1 > 0 }))
  }

  /// Goes back to, or on from, a state of the same network, with centres if this session has them.
  package func restore(_ state: TrainingState) throws(NetworkError) {
    guard try state.layout(for: network) == store.layout else {
      throw .unknownNames(network: network.name, names: [TrainingState.centersName])
    }
    (rule, settings) = (state.rule, nil)
    updates = store.layout.trainable.map { state.updates[$0.name] ?? 0 }
    moments = Self.load(state, into: store)
  }

  /// A parameter, a running statistic, or the centres by `TrainingState.centersName`; nil for another name.
  package func parameter(_ name: String) -> Tensor<Float>? {
    store.layout[name].map { ParameterStore.read(store.values, $0) }
  }

  /// A parameter's gradient in the last step; nil for what has none.
  package func gradient(_ name: String) -> Tensor<Float>? {
    guard let view = store.layout[name], view.parameter.isTrainable else { return nil }
    return ParameterStore.read(store.gradients, view)
  }

  /// The memory the session holds: parameters, gradients, moments, plans.
  package var byteCount: Int {
    store.byteCount + moments.reduce(0) { $0 + $1.byteCount } + plans.reduce(0) { $0 + $1.plan.byteCount }
  }

  /// How long the steps of the plans now held took by kind of work, most expensive first.
  package func durations() -> [(work: String, duration: Duration)] {
    plans.reduce(into: [:]) { $0.merge($1.plan.durations, uniquingKeysWith: +) }
      .sorted { $0.value > $1.value }.map { ($0.key, $0.value) }
  }

  // MARK: Parts

  private var centers: Tensor<Float>? {
    store.layout[TrainingState.centersName].map { ParameterStore.read(store.values, $0) }
  }

  private func read(
    _ buffer: AlignedBuffer, _ views: some Sequence<ParameterLayout.View>, withCenters: Bool = false
  ) -> Weights {
    var tensors: Weights = [:]
    for view in views where withCenters || view.name != TrainingState.centersName {
      tensors[view.name] = ParameterStore.read(buffer, view)
    }
    return tensors
  }

  /// Fills the store, and the moments that it returns.
  private static func load(_ state: TrainingState, into store: ParameterStore) -> [AlignedBuffer] {
    store.load(state.weights)
    if let centers = state.centers { store.load([TrainingState.centersName: centers]) }
    return state.moments.map { moment in
      let buffer = AlignedBuffer(store.layout.trainableCount)
      for view in store.layout.trainable {
        if let tensor = moment[view.name] { ParameterStore.write(tensor, to: buffer, view) }
      }
      return buffer
    }
  }

  /// The output's shape for a batch; throws where the layers cannot take it, or a batch norm of the scope would see one
  /// number a channel only.
  private func outputShape(for input: Shape) throws(NetworkError) -> Shape {
    try network.validate(input: input)
    let shapes = try network.resized(height: input[2], width: input[3]).shapes(batch: input[0])
    for (node, shape) in zip(network.nodes, shapes) {
      guard let name = node.layer.batchNorm(prefix: node.name), scope.batchNorms.contains(name) else { continue }
      let count = node.layer.attention == nil ? shape.count / max(1, shape[1]) : shape[0]
      guard count > 1 else { throw .tooFewForStatistics(batchNorm: name) }
    }
    return shapes.last ?? input
  }

  private func plan(for input: Shape) throws -> TrainingPlan {
    if let index = plans.firstIndex(where: { $0.input == input }) {
      plans.append(plans.remove(at: index))
      return plans[plans.count - 1].plan
    }
    // Room first: a plan for a batch of 32 is most of a gigabyte.
    if plans.count >= Self.planLimit { plans.removeFirst() }
    // This actor's thread is the stream's.
    let engine = try stream.assumeIsolated { stream in EngineOfThread(engine: try stream.currentEngine()) }.engine
    let plan = try TrainingPlanBuilder.plan(network, scope: scope, input: input, store: store, on: engine)
    plans.append((input, plan))
    return plan
  }

  /// Each trainable view's rate and decay; checks an optimizer that is not the last step's.
  private func settings(of optimizer: Optimizer) throws(OptimizerError) -> [(rate: Double, decay: Double)] {
    if let settings, settings.optimizer == optimizer { return settings.of }
    try optimizer.validate(for: store.layout)
    if let rule, !rule.isFollowed(by: optimizer.rule) { throw .otherRule }
    let settings = store.layout.trainable.map { optimizer.setting(of: $0.name) }
    self.settings = (optimizer, settings)
    return settings
  }

  private func update(by rule: Optimizer.Rule, _ settings: [(rate: Double, decay: Double)], movesCenters: Bool) {
    self.rule = rule
    while moments.count < rule.momentCount { moments.append(AlignedBuffer(store.layout.trainableCount)) }
    let team = Team(threads: stream.threads)
    let (values, gradients, moments) = (store.values.floats, store.gradients.floats, moments.map(\.floats))
    for (index, view) in store.layout.trainable.enumerated() {
      guard view.name == TrainingState.centersName ? movesCenters : scope.parameters.contains(view.name) else {
        continue
      }
      updates[index] += 1
      let (update, setting, start) = (updates[index], settings[index], view.range.lowerBound)
      FlatKernels.pieces(view.range.count, team) { piece in
        let place = start + piece.lowerBound
        rule.apply(
          to: values + place, gradient: gradients + place, moments: moments.map { $0 + place }, count: piece.count,
          update: update, rate: setting.rate, decay: setting.decay)
      }
    }
  }

  /// How many rows of `scores` `[N, K]` are highest at their label; the first of equals counts, and none is where one
  /// is not a number.
  private static func correct(_ scores: Tensor<Float>, _ labels: [Int]) -> Int {
    let classes = scores.shape[1]
    return labels.enumerated().reduce(0) { sum, pair in
      let row = scores.elements[pair.offset * classes..<(pair.offset + 1) * classes]
      let best = row.indices.max { row[$0] < row[$1] }.map { $0 - row.startIndex }
      return sum + (row.allSatisfy { !$0.isNaN } && best == pair.element ? 1 : 0)
    }
  }
}

/// An engine on its way between two actors of one thread.
///
/// `@unchecked Sendable`: both run on the stream's executor, so that one thread alone uses it.
private struct EngineOfThread: @unchecked Sendable {
  let engine: Engine
}
