internal import Neural
internal import Tensors

/// The training plans of one stream, those used last kept. Used on the stream's thread only.
struct TrainingPlans {
  /// The most recently used last.
  private var entries: [(key: TrainingPlanKey, plan: TrainingPlan)] = []
  private var durations: [Network: [String: Duration]] = [:]

  /// The plan for `key`, compiled if need be.
  mutating func plan(_ key: TrainingPlanKey, on engine: Engine) throws(OneDNNError) -> TrainingPlan {
    if let known = plan(key) { return known }
    // Room first: a plan for a batch of 32 is most of a gigabyte.
    let own = entries.indices.filter { entries[$0].key.network == key.network }
    if own.count >= OneDNNTraining.planLimit { remove(at: own[0]) }
    let plan = try TrainingPlanBuilder.plan(key.network, scope: key.scope, input: key.input, on: engine)
    entries.append((key, plan))
    return plan
  }

  /// The plan for `key` if there is one; it counts as used.
  mutating func plan(_ key: TrainingPlanKey) -> TrainingPlan? {
    guard let index = entries.lastIndex(where: { $0.key == key }) else { return nil }
    entries.append(entries.remove(at: index))
    return entries.last?.plan
  }

  mutating func removeAll(of network: Network) {
    for index in entries.indices.reversed() where entries[index].key.network == network { remove(at: index) }
  }

  func byteCount(of network: Network) -> Int {
    entries.filter { $0.key.network == network }.reduce(0) { $0 + $1.plan.byteCount }
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
