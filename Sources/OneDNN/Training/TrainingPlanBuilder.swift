internal import COneDNN
internal import Neural
internal import Tensors

/// Turns a network and a scope into a training plan: the forward operations, each leaving on a tape how its gradient is
/// passed on, then the tape backwards. What nothing trainable stands before gets no gradient and no step.
final class TrainingPlanBuilder {
  /// Where a value or a gradient lies and how.
  struct Slot {
    let layout: MemoryDescriptor
    let buffer: Int

    /// How many floats lie there, oneDNN's padding included.
    var count: Int { layout.byteCount / 4 }
  }

  /// The gradient of a value as far as its readers have contributed. One that is not owned is also somebody else's, and
  /// not to be written.
  struct Gradient {
    let slot: Slot
    let isOwned: Bool
  }

  /// A step whose buffers have no addresses yet.
  typealias Draft = (ArenaMemory) throws(OneDNNError) -> any Step
  /// Passes an operation's gradient on.
  typealias Backward = (TrainingPlanBuilder, Gradient) throws(OneDNNError) -> Void

  let engine: Engine
  let network: Network
  let scope: TrainingScope
  let input: Shape
  let parameters: TrainingParameters
  private let shapes: [Shape]
  private var arena = Arena()
  private var drafts: [(work: TrainingWork, draft: Draft)] = []
  private var values: [Network.Value: Slot] = [:]
  private var gradients: [Network.Value: Gradient] = [:]
  private var tape: [(output: Network.Value, pass: Backward)] = []
  private var statistics: [TrainingPlan.Statistics] = []
  /// The values whose gradient something in the scope depends on.
  private var wanted: Set<Network.Value> = []

  static func plan(
    _ network: Network, scope: TrainingScope, input: Shape, on engine: Engine
  ) throws(OneDNNError) -> TrainingPlan {
    do {
      try network.validate(input: input)
      let shapes = try network.resized(height: input[2], width: input[3]).shapes(batch: input[0])
      return try TrainingPlanBuilder(network, scope: scope, input: input, shapes: shapes, on: engine).build()
    } catch let error as OneDNNError {
      throw error
    } catch {
      throw OneDNNError(.invalidNetwork, "\(error)")
    }
  }

  private init(_ network: Network, scope: TrainingScope, input: Shape, shapes: [Shape], on engine: Engine) {
    (self.network, self.scope, self.input, self.shapes, self.engine) = (network, scope, input, shapes, engine)
    parameters = TrainingParameters(network, on: engine)
  }

  private func build() throws(OneDNNError) -> TrainingPlan {
    if scope.includesInput { wanted.insert(.input) }
    let inputSlot = Slot(layout: try .plain(input), buffer: arena.add(byteCount: input.count * 4, at: 0))
    values[.input] = inputSlot
    for operation in network.trainingOperations() {
      let isWanted =
        wanted.contains(operation.input) || operation.residual.map(wanted.contains) ?? false
        || nodes(of: operation).contains { node in
          network.nodes[node].layer.parameters(prefix: network.nodes[node].name).contains {
            scope.parameters.contains($0.name)
          }
        }
      if isWanted { wanted.insert(.node(operation.output)) }
      try addForward(operation)
    }
    let output = try value(network.output, as: .plain(shape(of: network.output)))
    // Read after the forward pass, written before the backward pass.
    let forwardCount = drafts.count
    arena.extend(output.buffer, through: forwardCount)
    let given = newSlot(output.layout)
    gradients[network.output] = Gradient(slot: given, isOwned: true)
    for entry in tape.reversed() {
      if let gradient = gradients.removeValue(forKey: entry.output) { try entry.pass(self, gradient) }
    }
    var inputGradient: Slot?
    if scope.includesInput, let gradient = gradients[.input] {
      inputGradient = try copied(gradient.slot, as: .plain(input))
      arena.extend(inputGradient!.buffer, through: drafts.count)
    }

    let memory = ArenaMemory(arena)
    var steps: [TrainingPlan.Timed] = []
    for (work, draft) in drafts { steps.append(TrainingPlan.Timed(work: work, step: try draft(memory))) }
    func result(_ slot: Slot) -> Plan.Result {
      Plan.Result(values: memory.floats(slot.buffer), shape: slot.layout.shape)
    }
    return TrainingPlan(
      scope: scope, engine: engine, arena: memory, forward: Array(steps[..<forwardCount]),
      backward: Array(steps[forwardCount...]), parameters: parameters, statistics: statistics,
      input: result(inputSlot), output: result(output), outputGradient: result(given),
      inputGradient: inputGradient.map(result))
  }

  private func addForward(_ operation: TrainingOperation) throws(OneDNNError) {
    switch operation.kind {
    case .convolution(let node): try addConvolution(operation, node)
    case .batchNorm(let node): try addBatchNorm(operation, node)
    case .maxPool(let window): try addMaxPool(operation, window)
    case .averagePool: try addAveragePool(operation)
    case .linear(let node): try addLinear(operation, node)
    case .combine(let attention?): try addAttention(operation, attention)
    case .combine(nil): try addSum(operation)
    case .softmax: try addSoftmax(operation)
    }
  }

  /// The nodes with parameters that an operation covers.
  private func nodes(of operation: TrainingOperation) -> [Int] {
    switch operation.kind {
    case .convolution(let node), .batchNorm(let node), .linear(let node), .combine(let node?): [node]
    case .maxPool, .averagePool, .combine(nil), .softmax: []
    }
  }

  // MARK: Steps

  /// Adds a step over some buffers of the arena.
  func append(_ work: TrainingWork, using slots: [Slot], _ draft: @escaping Draft) {
    for slot in slots { arena.extend(slot.buffer, through: drafts.count) }
    drafts.append((work, draft))
  }

  /// Adds a oneDNN primitive; scratch memory is added here.
  func append(
    _ work: TrainingWork, _ descriptor: borrowing PrimitiveDescriptor, _ arguments: [(index: Int32, slot: Slot)],
    owned: [(index: Int32, buffer: AlignedBuffer, layout: MemoryDescriptor)] = []
  ) throws(OneDNNError) {
    var arguments = arguments
    if let scratch = descriptor.layout(dnnl_query_scratchpad_md), scratch.byteCount > 0 {
      arguments.append((DNNL_ARG_SCRATCHPAD, newSlot(scratch)))
    }
    let primitive = PrimitiveBox(try .create(descriptor))
    let (engine, all) = (engine, arguments)
    append(work, using: all.map(\.slot)) { (memory) throws(OneDNNError) in
      var bound: [(index: Int32, memory: MemoryBox)] = []
      for (index, slot) in all {
        bound.append((index, MemoryBox(try .over(memory[slot.buffer], slot.layout, on: engine))))
      }
      for (index, buffer, layout) in owned {
        bound.append((index, MemoryBox(try .over(buffer.base, layout, on: engine))))
      }
      return PrimitiveStep(primitive, bound, shared: owned.map(\.buffer))
    }
  }

  // MARK: Values

  func shape(of value: Network.Value) -> Shape {
    switch value {
    case .input: input
    case .node(let index): shapes[index]
    }
  }

  /// A new buffer, written by the step that is added next.
  func newSlot(_ layout: MemoryDescriptor) -> Slot {
    Slot(layout: layout, buffer: arena.add(byteCount: layout.byteCount, at: drafts.count))
  }

  func setValue(_ slot: Slot, of operation: TrainingOperation) { values[.node(operation.output)] = slot }

  func value(_ value: Network.Value) throws(OneDNNError) -> Slot {
    guard let slot = values[value] else { throw OneDNNError(.invalidNetwork, "a value is read before it is computed") }
    return slot
  }

  /// A value in a given layout, copied if it lies otherwise.
  func value(_ value: Network.Value, as layout: MemoryDescriptor) throws(OneDNNError) -> Slot {
    try copied(self.value(value), as: layout)
  }

  /// A value in a layout that our own kernels know.
  func channelValue(_ value: Network.Value) throws(OneDNNError) -> (slot: Slot, layout: ChannelLayout) {
    var slot = try self.value(value)
    if slot.layout.channelLayout == nil { slot = try copied(slot, as: .plain(shape(of: value))) }
    guard let layout = slot.layout.channelLayout else {
      throw OneDNNError(.unsupported, "a plain tensor has no channel layout")
    }
    return (slot, layout)
  }

  /// What lies in `source` in another layout; `source` itself where it is the same.
  func copied(_ source: Slot, as layout: MemoryDescriptor) throws(OneDNNError) -> Slot {
    if source.layout.isSame(as: layout) { return source }
    let target = newSlot(layout)
    try append(
      .reorder, .reorder(from: source.layout, to: layout, on: engine),
      [(DNNL_ARG_FROM, source), (DNNL_ARG_TO, target)])
    return target
  }

  // MARK: Gradients

  func isWanted(_ value: Network.Value) -> Bool { wanted.contains(value) }

  func isTrainable(_ parameter: String) -> Bool { scope.parameters.contains(parameter) }

  /// Remembers how an operation passes its gradient on, if anything needs it.
  func record(_ operation: TrainingOperation, _ pass: @escaping Backward) {
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
      held.isOwned ? held.slot : isOwned ? slot : newSlot(held.slot.layout)
    let (a, b) = (try copied(held.slot, as: target.layout), try copied(slot, as: target.layout))
    append(.elementwise, using: [a, b, target]) { memory in
      let (a, b, y) = (memory.floats(a.buffer), memory.floats(b.buffer), memory.floats(target.buffer))
      return KernelStep { FlatKernels.add(a, b, floor: -.infinity, into: y, count: target.count, $0.team) }
    }
    gradients[value] = Gradient(slot: target, isOwned: true)
  }

  /// The gradient before a ReLU from that after it, by the ReLU's value; in place where it may be.
  func masked(_ gradient: Gradient, by value: Slot) throws(OneDNNError) -> Gradient {
    let source = try copied(gradient.slot, as: value.layout)
    let isOwned = gradient.isOwned || source.buffer != gradient.slot.buffer
    let target = isOwned ? source : newSlot(value.layout)
    append(.elementwise, using: [source, value, target]) { memory in
      let (dy, y, dx) = (memory.floats(source.buffer), memory.floats(value.buffer), memory.floats(target.buffer))
      return KernelStep { FlatKernels.mask(dy, by: y, into: dx, count: target.count, $0.team) }
    }
    return Gradient(slot: target, isOwned: true)
  }
}
