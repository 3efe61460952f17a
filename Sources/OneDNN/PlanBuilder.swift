internal import COneDNN
internal import Neural
internal import Tensors

/// Turns a prepared network into a plan: fuses layers, lets oneDNN choose implementations and layouts, places every
/// value in the arena, packs the weights that no other stream has packed yet.
struct PlanBuilder {
  /// Where a value lies and how.
  private struct Slot {
    let layout: MemoryDescriptor
    let buffer: Int
  }

  /// A step whose buffers have no addresses yet.
  private typealias Draft = (ArenaMemory) throws(OneDNNError) -> any Step

  private let engine: Engine
  private let prepared: PreparedNetwork
  private let network: Network
  private let input: Shape
  private let shapes: [Shape]
  private var arena = Arena()
  private var drafts: [Draft] = []
  private var slots: [Network.Value: Slot] = [:]
  /// How many operations still read a value.
  private var readers: [Network.Value: Int] = [:]
  /// Where results lie, row-major and to the end of the run: tapped values, tapped decisions of attention nodes, the
  /// output.
  private var results: [Tap: Slot] = [:]

  /// Compiles for batches of `batch`, on the calling thread and for its number of OpenMP threads.
  static func plan(
    _ prepared: PreparedNetwork, batch: Int, taps: [String], on engine: Engine
  ) throws(OneDNNError) -> Plan {
    var builder = try PlanBuilder(prepared, batch: batch, on: engine)
    return try builder.build(taps: taps)
  }

  private init(_ prepared: PreparedNetwork, batch: Int, on engine: Engine) throws(OneDNNError) {
    self.engine = engine
    self.prepared = prepared
    network = prepared.network
    input = Shape([batch] + network.inputShape.dimensions)
    do {
      shapes = try network.shapes(batch: batch)
    } catch {
      throw OneDNNError(.invalidNetwork, error.description)
    }
  }

  private mutating func build(taps: [String]) throws(OneDNNError) -> Plan {
    var wanted: [(name: String, tap: Tap)] = []
    for name in taps { wanted.append((name, try Tap(name, in: network))) }
    let tapped = Set(wanted.map(\.tap))
    var nodes: Set<Int> = []
    for case .value(let node) in tapped { nodes.insert(node) }
    let operations = network.fused(taps: nodes)
    for operation in operations {
      for value in [operation.input] + (operation.residual.map { [$0] } ?? []) { readers[value, default: 0] += 1 }
    }
    let inputSlot = Slot(layout: try .plain(input), buffer: arena.add(byteCount: input.count * 4, at: 0))
    slots[.input] = inputSlot
    for operation in operations {
      try add(operation, tapped)
      if nodes.contains(operation.output) || operation.output == network.nodes.count - 1 {
        results[.value(node: operation.output)] = try keep(.node(operation.output))
      }
    }
    for result in results.values { arena.extend(result.buffer, through: drafts.count) }
    if network.nodes.isEmpty { arena.extend(inputSlot.buffer, through: drafts.count) }

    let memory = ArenaMemory(arena)
    var steps: [any Step] = []
    for draft in drafts { steps.append(try draft(memory)) }
    func result(_ tap: Tap) -> Plan.Result {
      let slot = results[tap] ?? inputSlot
      return Plan.Result(values: memory.floats(slot.buffer), shape: slot.layout.shape)
    }
    let input = Plan.Result(values: memory.floats(inputSlot.buffer), shape: input)
    return Plan(
      engine: engine, arena: memory, steps: steps, input: input,
      output: network.nodes.isEmpty ? input : result(.value(node: network.nodes.count - 1)),
      taps: wanted.map { ($0.name, result($0.tap)) })
  }

  private func shape(of value: Network.Value) -> Shape {
    switch value {
    case .input: input
    case .node(let index): shapes[index]
    }
  }

  private mutating func add(_ operation: FusedOperation, _ tapped: Set<Tap>) throws(OneDNNError) {
    switch operation.kind {
    case .convolution(let node, let batchNorm): try addConvolution(operation, node, batchNorm)
    case .maxPool(let window): try addMaxPool(operation, window)
    case .combine(let attention): try addCombine(operation, attention, tapped)
    case .averagePool:
      let source = try channels(operation.input)
      let target = try addBuffer(for: operation, .plain(shapes[operation.output]))
      guard let layout = source.layout.channelLayout else { throw Self.unknownLayout }
      append(using: [source.buffer, target.buffer]) { memory in
        AveragePoolStep(source: memory.floats(source.buffer), target: memory.floats(target.buffer), layout)
      }
    case .linear(let node):
      let source = try plain(operation.input)
      let target = try addBuffer(for: operation, .plain(shapes[operation.output]))
      let (layer, samples) = (prepared.dense(node: node), input[0])
      append(using: [source.buffer, target.buffer]) { memory in
        LinearStep(
          source: memory.floats(source.buffer), target: memory.floats(target.buffer), samples: samples, layer,
          relu: operation.hasRelu)
      }
    case .reference(let node):
      let source = try plain(operation.input)
      let target = try addBuffer(for: operation, .plain(shapes[operation.output]))
      let backend: ReferenceBackend<Float>
      do {
        backend = try ReferenceBackend(network, weights: prepared.weights)
      } catch {
        throw OneDNNError(.invalidNetwork, error.description)
      }
      let shape = shape(of: operation.input)
      append(using: [source.buffer, target.buffer]) { memory in
        ReferenceStep(
          backend, node: node, source: memory.floats(source.buffer), target: memory.floats(target.buffer), shape: shape)
      }
    }
  }

  // MARK: Operations

  private mutating func addConvolution(
    _ operation: FusedOperation, _ node: Int, _ batchNorm: Int?
  ) throws(OneDNNError) {
    guard case .convolution(let convolution) = network.nodes[node].layer else { preconditionFailure("no convolution") }
    let name = network.nodes[node].name
    let descriptor = try ConvolutionChoice.descriptor(
      convolution, input: shape(of: operation.input), output: shapes[operation.output],
      attributes: .make(addsResidual: operation.residual != nil, hasRelu: operation.hasRelu), on: engine, name: name)
    let source = try slot(of: operation.input, as: descriptor.required(dnnl_query_src_md))
    let targetLayout = try descriptor.required(dnnl_query_dst_md)
    let target: Slot
    if let residual = operation.residual {
      // The primitive adds to what its destination holds: the residual itself where nobody reads it later.
      let held = try slot(of: residual)
      if readers[residual] == 1, held.layout.isSame(as: targetLayout), held.buffer != source.buffer {
        target = held
      } else {
        target = try copy(held, as: targetLayout)
      }
      slots[.node(operation.output)] = target
      finishReading(residual)
    } else {
      target = try addBuffer(for: operation, targetLayout)
    }
    finishReading(operation.input)
    let weightsLayout = try descriptor.required(dnnl_query_weights_md)
    let engine = engine
    let weights = try prepared.packedWeights(node: node, batchNorm: batchNorm, weightsLayout) {
      (plain, buffer) throws(OneDNNError) in
      try Reorder.run(plain, to: weightsLayout, at: buffer.base, on: engine)
    }
    let bias = prepared.bias(node: node, batchNorm: batchNorm)
    let biasLayout = try MemoryDescriptor.plain([convolution.output])
    let scratch = addScratch(descriptor)
    let primitive = PrimitiveBox(try .create(descriptor))
    append(using: [source.buffer, target.buffer] + (scratch.map { [$0.buffer] } ?? [])) {
      (memory) throws(OneDNNError) in
      var arguments: [(index: Int32, memory: MemoryBox)] = [
        (DNNL_ARG_SRC_0, MemoryBox(try .over(memory[source.buffer], source.layout, on: engine))),
        (DNNL_ARG_WEIGHTS_0, MemoryBox(try .over(weights.base, weightsLayout, on: engine))),
        (DNNL_ARG_BIAS, MemoryBox(try .over(bias.base, biasLayout, on: engine))),
        (DNNL_ARG_DST_0, MemoryBox(try .over(memory[target.buffer], target.layout, on: engine))),
      ]
      if let scratch {
        arguments.append(
          (DNNL_ARG_SCRATCHPAD, MemoryBox(try .over(memory[scratch.buffer], scratch.layout, on: engine))))
      }
      return PrimitiveStep(primitive, arguments, shared: [weights, bias])
    }
  }

  private mutating func addMaxPool(_ operation: FusedOperation, _ window: Window) throws(OneDNNError) {
    let source = try slot(of: operation.input)
    let descriptor = try PoolingChoice.descriptor(
      window, source: source.layout, input: shape(of: operation.input), output: shapes[operation.output], on: engine)
    let target = try addBuffer(for: operation, descriptor.required(dnnl_query_dst_md))
    finishReading(operation.input)
    let scratch = addScratch(descriptor)
    let primitive = PrimitiveBox(try .create(descriptor))
    let engine = engine
    append(using: [source.buffer, target.buffer] + (scratch.map { [$0.buffer] } ?? [])) {
      (memory) throws(OneDNNError) in
      var arguments: [(index: Int32, memory: MemoryBox)] = [
        (DNNL_ARG_SRC_0, MemoryBox(try .over(memory[source.buffer], source.layout, on: engine))),
        (DNNL_ARG_DST_0, MemoryBox(try .over(memory[target.buffer], target.layout, on: engine))),
      ]
      if let scratch {
        arguments.append(
          (DNNL_ARG_SCRATCHPAD, MemoryBox(try .over(memory[scratch.buffer], scratch.layout, on: engine))))
      }
      return PrimitiveStep(primitive, arguments)
    }
  }

  private mutating func addCombine(
    _ operation: FusedOperation, _ attention: Int?, _ tapped: Set<Tap>
  ) throws(OneDNNError) {
    let source = try channels(operation.input)
    guard let layout = source.layout.channelLayout else { throw Self.unknownLayout }
    let residual: Slot? =
      if let value = operation.residual { try slot(of: value, as: source.layout) } else { nil }
    // In place where the source is ours alone: a value that another operation still reads is left alone.
    let isOwn = readers[operation.input] == 1 && operation.input != operation.residual
    let target = isOwn ? source : try addBuffer(for: operation, source.layout)
    slots[.node(operation.output)] = target
    finishReading(operation.input)
    if let value = operation.residual { finishReading(value) }
    let gate = attention.map { prepared.gate(node: $0) }
    var decision: Slot?
    if let attention, tapped.contains(.decision(node: attention)) {
      let shape: Shape = [layout.samples, layout.channels]
      decision = Slot(layout: try .plain(shape), buffer: arena.add(byteCount: shape.count * 4, at: drafts.count))
      results[.decision(node: attention)] = decision
    }
    append(using: [source.buffer, target.buffer] + (residual.map { [$0.buffer] } ?? [])) { memory in
      CombineStep(
        source: memory.floats(source.buffer), residual: residual.map { memory.floats($0.buffer) },
        target: memory.floats(target.buffer), layout, gate: gate, relu: operation.hasRelu,
        decision: decision.map { memory.floats($0.buffer) })
    }
  }

  // MARK: Values

  /// A new buffer for an operation's value.
  private mutating func addBuffer(
    for operation: FusedOperation, _ layout: MemoryDescriptor
  ) throws(OneDNNError) -> Slot {
    let slot = Slot(layout: layout, buffer: arena.add(byteCount: layout.byteCount, at: drafts.count))
    slots[.node(operation.output)] = slot
    return slot
  }

  private mutating func addScratch(_ descriptor: borrowing PrimitiveDescriptor) -> Slot? {
    guard let layout = descriptor.layout(dnnl_query_scratchpad_md), layout.byteCount > 0 else { return nil }
    return Slot(layout: layout, buffer: arena.add(byteCount: layout.byteCount, at: drafts.count))
  }

  private func slot(of value: Network.Value) throws(OneDNNError) -> Slot {
    guard let slot = slots[value] else { throw OneDNNError(.invalidNetwork, "a value is read before it is computed") }
    return slot
  }

  /// A value in a given layout, copied if it lies otherwise.
  private mutating func slot(
    of value: Network.Value, as layout: MemoryDescriptor
  ) throws(OneDNNError) -> Slot {
    let slot = try slot(of: value)
    return slot.layout.isSame(as: layout) ? slot : try copy(slot, as: layout)
  }

  private mutating func plain(_ value: Network.Value) throws(OneDNNError) -> Slot {
    try slot(of: value, as: .plain(shape(of: value)))
  }

  /// A value in a layout that our own kernels know.
  private mutating func channels(_ value: Network.Value) throws(OneDNNError) -> Slot {
    let slot = try slot(of: value)
    return slot.layout.channelLayout == nil ? try plain(value) : slot
  }

  /// Copies a value row-major into a buffer of its own that lives to the end of the run.
  private mutating func keep(_ value: Network.Value) throws(OneDNNError) -> Slot {
    try copy(slot(of: value), as: .plain(shape(of: value)))
  }

  private mutating func copy(_ source: Slot, as layout: MemoryDescriptor) throws(OneDNNError) -> Slot {
    let target = Slot(layout: layout, buffer: arena.add(byteCount: layout.byteCount, at: drafts.count))
    let descriptor = try PrimitiveDescriptor.reorder(from: source.layout, to: layout, on: engine)
    let primitive = PrimitiveBox(try .create(descriptor))
    let engine = engine
    append(using: [source.buffer, target.buffer]) { (memory) throws(OneDNNError) in
      PrimitiveStep(
        primitive,
        [
          (DNNL_ARG_FROM, MemoryBox(try .over(memory[source.buffer], source.layout, on: engine))),
          (DNNL_ARG_TO, MemoryBox(try .over(memory[target.buffer], layout, on: engine))),
        ])
    }
    return target
  }

  private mutating func append(using buffers: [Int], _ draft: @escaping Draft) {
    for buffer in buffers { arena.extend(buffer, through: drafts.count) }
    drafts.append(draft)
  }

  private mutating func finishReading(_ value: Network.Value) { readers[value, default: 1] -= 1 }

  private static var unknownLayout: OneDNNError {
    OneDNNError(.unsupported, "a plain tensor has no channel layout")
  }
}
