internal import Neural
internal import Tensors

/// What a training plan was compiled for.
struct TrainingPlanKey: Hashable, Sendable {
  let network: Network
  let scope: TrainingScope
  let input: Shape
}

/// The training plans of one stream that belong to no session, those used last kept. Used on the stream's thread only.
struct TrainingPlans {
  private struct Entry {
    let key: TrainingPlanKey
    let plan: TrainingPlan
    /// The pass whose activations the plan holds.
    var pass: Int
  }

  /// The most recently used last.
  private var entries: [Entry] = []
  private var durations: [Network: [String: Duration]] = [:]
  private var lastPass = 0

  /// A new forward pass: its number, the plan that has run it, and the output.
  mutating func forward(
    _ key: TrainingPlanKey, _ input: Tensor<Float>, weights: Weights, on engine: Engine
  ) throws(OneDNNError) -> (pass: Int, plan: TrainingPlan, output: Tensor<Float>) {
    lastPass += 1
    let (plan, output) = try run(key, input, weights: weights, pass: lastPass, on: engine)
    return (lastPass, plan, output)
  }

  /// The plan that holds a pass's activations; runs its forward pass again where a later one has overwritten them, or
  /// the plan is gone.
  mutating func plan(
    holding pass: Int, _ key: TrainingPlanKey, _ input: Tensor<Float>, weights: Weights, on engine: Engine
  ) throws(OneDNNError) -> TrainingPlan {
    if let entry = entries.last(where: { $0.key == key }), entry.pass == pass { return entry.plan }
    return try run(key, input, weights: weights, pass: pass, on: engine).plan
  }

  private mutating func run(
    _ key: TrainingPlanKey, _ input: Tensor<Float>, weights: Weights, pass: Int, on engine: Engine
  ) throws(OneDNNError) -> (plan: TrainingPlan, output: Tensor<Float>) {
    let plan = try plan(key, pass: pass, on: engine)
    plan.store.load(weights)
    return (plan, try plan.forward(input))
  }

  /// The plan for `key`, compiled if need be, as the one used last.
  private mutating func plan(
    _ key: TrainingPlanKey, pass: Int, on engine: Engine
  ) throws(OneDNNError) -> TrainingPlan {
    if let index = entries.lastIndex(where: { $0.key == key }) {
      var entry = entries.remove(at: index)
      entry.pass = pass
      entries.append(entry)
      return entry.plan
    }
    // Room first: a plan for a batch of 32 is most of a gigabyte.
    let own = entries.indices.filter { entries[$0].key.network == key.network }
    if own.count >= OneDNNTraining.planLimit { remove(at: own[0]) }
    let plan = try TrainingPlanBuilder.plan(
      key.network, scope: key.scope, input: key.input,
      store: ParameterStore(ParameterLayout(key.network.parameters)), on: engine)
    entries.append(Entry(key: key, plan: plan, pass: pass))
    return plan
  }

  mutating func removeAll(of network: Network) {
    for index in entries.indices.reversed() where entries[index].key.network == network { remove(at: index) }
  }

  func byteCount(of network: Network) -> Int {
    entries.filter { $0.key.network == network }.reduce(0) { $0 + $1.plan.byteCount + $1.plan.store.byteCount }
  }

  /// Time by work over all steps of a network, those of plans that are gone included.
  func durations(of network: Network) -> [String: Duration] {
    var total = durations[network] ?? [:]
    for entry in entries where entry.key.network == network { total.merge(entry.plan.durations, uniquingKeysWith: +) }
    return total
  }

  private mutating func remove(at index: Int) {
    let entry = entries.remove(at: index)
    durations[entry.key.network, default: [:]].merge(entry.plan.durations, uniquingKeysWith: +)
  }
}
