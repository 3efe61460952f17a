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
  private var steps: [(work: Work, bind: (ArenaMemory) throws(OneDNNError) -> any Step)] = []
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
  func finish() throws(OneDNNError) -> (memory: ArenaMemory, steps: [TimedStep]) {
    let memory = ArenaMemory(arena)
    var bound: [TimedStep] = []
    for (work, bind) in steps { bound.append(TimedStep(work: work, step: try bind(memory))) }
    return (memory, bound)
  }

  // MARK: Steps

  /// Adds a step over some slots.
  func append(
    _ work: Work, using slots: [Slot?], _ bind: @escaping (ArenaMemory) throws(OneDNNError) -> any Step
  ) {
    for case let slot? in slots { arena.extend(slot.buffer, through: count) }
    steps.append((work, bind))
  }

  /// Adds a oneDNN primitive; scratch memory is added here.
  func append(
    _ work: Work, _ descriptor: borrowing PrimitiveDescriptor, _ arguments: [(index: Int32, slot: Slot)],
    owned: [Owned] = []
  ) throws(OneDNNError) {
    var arguments = arguments
    if let scratch = try descriptor.layout(dnnl_query_scratchpad_md) {
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

/// What a step is for; training time is reported by it.
enum Work: String {
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

/// A step and what it is for.
struct TimedStep {
  let work: Work
  let step: any Step
}
