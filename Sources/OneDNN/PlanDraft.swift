internal import COneDNN
internal import Neural
internal import Tensors

/// A plan in the making: the values' places, the steps in order, and the arena that holds what lives for some of them.
///
/// A step is drafted as a closure over the arena, because buffers have no addresses before all of them are known.
final class PlanDraft {
  /// Where a value or a gradient lies and how.
  struct Slot {
    let layout: MemoryDescriptor
    let buffer: Int
  }

  /// A parameter, or what else lies outside the arena, as an argument of a primitive.
  typealias Owned = (index: Int32, buffer: AlignedBuffer, layout: MemoryDescriptor)

  let engine: Engine
  let network: Network
  /// The input's shape, `[N, C, H, W]`.
  let input: Shape
  let inputSlot: Slot
  private let shapes: [Shape]
  private var arena = Arena()
  private var steps: [(work: Work, bind: (ArenaMemory) throws(OneDNNError) -> Step.Body)] = []
  private var values: [Network.Value: Slot]

  init(_ network: Network, input: Shape, on engine: Engine) throws(OneDNNError) {
    (self.engine, self.network, self.input) = (engine, network, input)
    do {
      try network.validate(input: input)
      shapes = try network.resized(height: input[2], width: input[3]).shapes(batch: input[0])
    } catch {
      throw OneDNNError(.invalidNetwork, error.description)
    }
    let layout = try MemoryDescriptor.plain(input)
    inputSlot = Slot(layout: layout, buffer: arena.add(byteCount: layout.byteCount, at: 0))
    values = [.input: inputSlot]
  }

  /// How many steps there are so far.
  var count: Int { steps.count }

  /// The arena in memory and the steps over it.
  func finish() throws(OneDNNError) -> (memory: ArenaMemory, steps: [Step]) {
    let memory = ArenaMemory(arena)
    var bound: [Step] = []
    for (work, bind) in steps { bound.append(Step(work: work, run: try bind(memory))) }
    return (memory, bound)
  }

  // MARK: Steps

  /// Adds a step over some slots.
  func append(
    _ work: Work, using slots: [Slot?], _ bind: @escaping (ArenaMemory) throws(OneDNNError) -> Step.Body
  ) {
    for case let slot? in slots { arena.extend(slot.buffer, through: count) }
    steps.append((work, bind))
  }

  /// Adds a oneDNN primitive; scratch memory is added here. An argument without a slot is left out.
  func append(
    _ work: Work, _ descriptor: PrimitiveDescriptor, _ arguments: [(index: Int32, slot: Slot?)],
    owned: [Owned] = []
  ) throws(OneDNNError) {
    let scratch = try descriptor.layout(dnnl_query_scratchpad_md).map { newSlot($0) }
    let primitive = try Primitive.create(descriptor)
    let (engine, all) = (engine, arguments + [(index: DNNL_ARG_SCRATCHPAD, slot: scratch)])
    append(work, using: all.map(\.slot)) { (memory) throws(OneDNNError) in
      var bound: [(index: Int32, memory: Memory)] = []
      for case (let index, let slot?) in all {
        bound.append((index, try .over(memory[slot.buffer], slot.layout, on: engine)))
      }
      for (index, buffer, layout) in owned {
        bound.append((index, try .over(buffer.base, layout, on: engine)))
      }
      let call = PrimitiveCall(primitive, bound, shared: owned.map(\.buffer))
      return { (engine) throws(OneDNNError) in try call.run(on: engine) }
    }
  }

  /// Max pooling; `workspace` is where the forward pass of training leaves what the backward pass reads.
  @discardableResult
  func addMaxPool(
    _ operation: LoweredOperation, _ window: Window, isTraining: Bool
  ) throws(OneDNNError) -> (
    passes: MaxPoolPasses, forward: PrimitiveDescriptor, source: Slot, target: Slot, workspace: Slot?
  ) {
    let source = try value(operation.input)
    let passes = MaxPoolPasses(
      window: window, source: source.layout, input: shape(of: operation.input),
      output: shape(of: .node(operation.output)))
    let forward = try passes.forward(isTraining: isTraining, on: engine)
    let target = newSlot(try forward.required(dnnl_query_dst_md))
    setValue(target, of: operation)
    let workspace = try forward.layout(dnnl_query_workspace_md).map { newSlot($0) }
    try append(
      .pooling, forward, [(DNNL_ARG_SRC_0, source), (DNNL_ARG_DST_0, target), (DNNL_ARG_WORKSPACE, workspace)])
    return (passes, forward, source, target, workspace)
  }

  /// Global average pooling from any channel layout to rows, `[N, C]`.
  @discardableResult
  func addAveragePool(
    _ operation: LoweredOperation
  ) throws(OneDNNError) -> (source: Slot, target: Slot, layout: ChannelLayout) {
    let (source, layout) = try channelValue(operation.input)
    let target = newSlot(try .plain(shape(of: .node(operation.output))))
    setValue(target, of: operation)
    append(.pooling, using: [source, target]) { memory in
      let (x, y) = (memory.floats(source), memory.floats(target))
      return { engine in
        engine.team.forEach(layout.samples) { sample in
          ChannelKernels.averages(x, layout, sample: sample, absolute: false, into: y + sample * layout.channels)
        }
      }
    }
    return (source, target, layout)
  }

  /// A kernel of our own from one row-major value to another.
  @discardableResult
  func addRows(
    _ work: Work, _ operation: LoweredOperation, _ kernel: @escaping (Plan.Result, Plan.Result) -> Void
  ) throws(OneDNNError) -> (source: Slot, target: Slot) {
    let source = try plainValue(operation.input)
    let target = newSlot(try .plain(shape(of: .node(operation.output))))
    setValue(target, of: operation)
    append(work, using: [source, target]) { memory in
      let (x, y) = (memory.result(source), memory.result(target))
      return { _ in kernel(x, y) }
    }
    return (source, target)
  }

  // MARK: Values

  func shape(of value: Network.Value) -> Shape { value.pick(from: shapes, input: input) }

  /// A new buffer, written by the step that is added next.
  func newSlot(_ layout: MemoryDescriptor) -> Slot {
    Slot(layout: layout, buffer: arena.add(byteCount: layout.byteCount, at: count))
  }

  /// Keeps what lies in a slot to the end of the steps so far, and for the next.
  func keep(_ slot: Slot) { arena.extend(slot.buffer, through: count) }

  func setValue(_ slot: Slot, of operation: LoweredOperation) { values[.node(operation.output)] = slot }

  func value(_ value: Network.Value) throws(OneDNNError) -> Slot {
    guard let slot = values[value] else { throw OneDNNError(.invalidNetwork, "a value is read before it is computed") }
    return slot
  }

  /// A value in a given layout, copied if it lies otherwise.
  func value(_ value: Network.Value, as layout: MemoryDescriptor) throws(OneDNNError) -> Slot {
    try laidOut(self.value(value), as: layout)
  }

  /// A value row-major.
  func plainValue(_ value: Network.Value) throws(OneDNNError) -> Slot {
    try self.value(value, as: .plain(shape(of: value)))
  }

  /// A value in a layout that our own kernels know.
  func channelValue(_ value: Network.Value) throws(OneDNNError) -> (slot: Slot, layout: ChannelLayout) {
    var slot = try self.value(value)
    if slot.layout.channelLayout == nil { slot = try plainValue(value) }
    guard let layout = slot.layout.channelLayout else {
      throw OneDNNError(.unsupported, "a plain tensor has no channel layout")
    }
    return (slot, layout)
  }

  /// What lies in `source` in another layout; `source` itself where it is the same.
  func laidOut(_ source: Slot, as layout: MemoryDescriptor) throws(OneDNNError) -> Slot {
    source.layout.isSame(as: layout) ? source : try copy(source, as: layout)
  }

  /// What lies in `source` in a buffer of its own.
  func copy(_ source: Slot, as layout: MemoryDescriptor) throws(OneDNNError) -> Slot {
    let target = newSlot(layout)
    try append(
      .reorder, .reorder(from: source.layout, to: layout, on: engine),
      [(DNNL_ARG_FROM, source), (DNNL_ARG_TO, target)])
    return target
  }
}

extension ArenaMemory {
  /// What lies in a slot of fp32 numbers.
  func floats(_ slot: PlanDraft.Slot) -> UnsafeMutablePointer<Float> {
    precondition(slot.layout.type == .float32, "the slot holds \(String(describing: slot.layout.type))")
    return self[slot.buffer].assumingMemoryBound(to: Float.self)
  }

  func floats(_ slot: PlanDraft.Slot?) -> UnsafeMutablePointer<Float>? { slot.map { floats($0) } }

  /// A value that callers read or write, row-major.
  func result(_ slot: PlanDraft.Slot) -> Plan.Result { Plan.Result(values: floats(slot), shape: slot.layout.shape) }
}
