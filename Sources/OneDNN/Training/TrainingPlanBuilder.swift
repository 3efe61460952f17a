internal import COneDNN
internal import Neural
internal import Tensors

/// Turns a network and a scope into a training plan: the forward operations, each leaving on a tape how its gradient is
/// passed on, then the tape backwards. What nothing trainable stands before gets no gradient and no step.
final class TrainingPlanBuilder {
  typealias Slot = PlanDraft.Slot

  /// The gradient of a value as far as its readers have contributed. One that is not owned is also somebody else's, and
  /// not to be written.
  struct Gradient {
    let slot: Slot
    let isOwned: Bool
  }

  /// Passes an operation's gradient on.
  typealias Backward = (TrainingPlanBuilder, Gradient) throws(OneDNNError) -> Void

  let draft: PlanDraft
  let scope: TrainingScope
  let parameters: TrainingParameters
  private let store: ParameterStore
  private var gradients: [Network.Value: Gradient] = [:]
  private var tape: [(output: Network.Value, pass: Backward)] = []
  private var statistics: [TrainingPlan.Statistics] = []
  /// The values whose gradient something in the scope depends on.
  private var wanted: Set<Network.Value> = []

  var engine: Engine { draft.engine }
  var network: Network { draft.network }

  static func plan(
    _ network: Network, scope: TrainingScope, input: Shape, store: ParameterStore, on engine: Engine
  ) throws(OneDNNError) -> TrainingPlan {
    let draft = try PlanDraft(network, input: input, on: engine)
    return try TrainingPlanBuilder(draft, scope: scope, store: store).build()
  }

  private init(_ draft: PlanDraft, scope: TrainingScope, store: ParameterStore) {
    (self.draft, self.scope, self.store) = (draft, scope, store)
    parameters = TrainingParameters(store, on: draft.engine)
  }

  private func build() throws(OneDNNError) -> TrainingPlan {
    if scope.includesInput { wanted.insert(.input) }
    for operation in network.lowered(keepsBatchNorms: true) {
      let isWanted =
        wanted.contains(operation.input) || operation.residual.map(wanted.contains) ?? false
        || node(of: operation).map { node in
          node.layer.parameters(prefix: node.name).contains { scope.parameters.contains($0.name) }
        } ?? false
      if isWanted { wanted.insert(.node(operation.output)) }
      try addForward(operation)
    }
    let output = try draft.plainValue(network.output)
    // Read after the forward pass, written before the backward pass.
    let forwardCount = draft.count
    draft.keep(output)
    let given = draft.newSlot(output.layout)
    gradients[network.output] = Gradient(slot: given, isOwned: true)
    for entry in tape.reversed() {
      if let gradient = gradients.removeValue(forKey: entry.output) { try entry.pass(self, gradient) }
    }
    var inputGradient: Slot?
    if scope.includesInput, let gradient = gradients[.input] {
      let plain = try draft.laidOut(gradient.slot, as: draft.inputSlot.layout)
      draft.keep(plain)
      inputGradient = plain
    }

    let (memory, steps) = try draft.finish()
    return TrainingPlan(
      store, engine: engine, arena: memory, forward: Array(steps[..<forwardCount]),
      backward: Array(steps[forwardCount...]), parameters: parameters, statistics: statistics,
      input: memory.result(draft.inputSlot), output: memory.result(output), outputGradient: memory.result(given),
      inputGradient: inputGradient.map { memory.result($0) })
  }

  private func addForward(_ operation: LoweredOperation) throws(OneDNNError) {
    switch operation.kind {
    case .convolution(let node, _): try addConvolution(operation, node)
    case .batchNorm(let node): try addBatchNorm(operation, node)
    case .maxPool(let window): try addMaxPool(operation, window)
    case .averagePool: try addAveragePool(operation)
    case .linear(let node): try addLinear(operation, node)
    case .combine(let attention?): try addAttention(operation, attention)
    case .combine(nil): try addSum(operation)
    case .softmax: try addSoftmax(operation)
    }
  }

  /// The node with parameters that an operation covers.
  private func node(of operation: LoweredOperation) -> Network.Node? {
    switch operation.kind {
    case .convolution(let node, _), .batchNorm(let node), .linear(let node), .combine(let node?): network.nodes[node]
    case .maxPool, .averagePool, .combine(nil), .softmax: nil
    }
  }

  // MARK: Gradients

  func isWanted(_ value: Network.Value) -> Bool { wanted.contains(value) }

  func isTrainable(_ parameter: String) -> Bool { scope.parameters.contains(parameter) }

  /// Remembers how an operation passes its gradient on, if anything needs it.
  func record(_ operation: LoweredOperation, _ pass: @escaping Backward) {
    if isWanted(.node(operation.output)) { tape.append((.node(operation.output), pass)) }
  }

  func add(_ batch: TrainingPlan.Statistics) { statistics.append(batch) }

  /// A place for a parameter's gradient, row-major; nil where it is not wanted.
  func gradient(_ name: String) throws(OneDNNError) -> AlignedBuffer? {
    isTrainable(name) ? try parameters.gradient(name) : nil
  }

  /// Adds to the gradient of `value`; `isOwned` says whether the slot is nobody else's.
  func contribute(_ slot: Slot, isOwned: Bool, to value: Network.Value) throws(OneDNNError) {
    guard isWanted(value) else { return }
    guard let held = gradients[value] else {
      gradients[value] = Gradient(slot: slot, isOwned: isOwned)
      return
    }
    // Into whichever of the two may be written.
    let target =
      held.isOwned ? held.slot : isOwned ? slot : draft.newSlot(held.slot.layout)
    let a = try draft.laidOut(held.slot, as: target.layout)
    let b = try draft.laidOut(slot, as: target.layout)
    draft.append(.elementwise, using: [a, b, target]) { memory in
      let (a, b, y) = (memory.floats(a), memory.floats(b), memory.floats(target))
      return { FlatKernels.add(a, b, floor: -.infinity, into: y, count: target.layout.count, $0.team) }
    }
    gradients[value] = Gradient(slot: target, isOwned: true)
  }

  /// The gradient before a ReLU from that after it, by the ReLU's value; in place where it may be.
  func masked(_ gradient: Gradient, by value: Slot) throws(OneDNNError) -> Gradient {
    let source = try draft.laidOut(gradient.slot, as: value.layout)
    let isOwned = gradient.isOwned || source.buffer != gradient.slot.buffer
    let target = isOwned ? source : draft.newSlot(value.layout)
    draft.append(.elementwise, using: [source, value, target]) { memory in
      let (dy, y, dx) = (memory.floats(source), memory.floats(value), memory.floats(target))
      return { FlatKernels.mask(dy, by: y, into: dx, count: target.layout.count, $0.team) }
    }
    return Gradient(slot: target, isOwned: true)
  }
}
