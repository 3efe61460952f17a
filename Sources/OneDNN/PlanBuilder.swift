internal import COneDNN
internal import Neural
internal import Tensors

/// Turns a prepared network into a plan: fuses layers, lets oneDNN choose implementations and layouts, places every
/// value in the arena, packs the weights that no other stream has packed yet.
struct PlanBuilder {
  private typealias Slot = PlanDraft.Slot

  private let prepared: PreparedNetwork
  private let draft: PlanDraft
  private let tapped: Set<Tap>
  /// How many operations still read a value.
  private var readers: [Network.Value: Int] = [:]
  /// Where results lie, row-major and to the end of the run: tapped values, tapped decisions of attention nodes, the
  /// output.
  private var results: [Tap: Slot] = [:]

  private var network: Network { prepared.network }

  /// Compiles for batches of `batch`, on the calling thread and for its number of OpenMP threads.
  static func plan(
    _ prepared: PreparedNetwork, batch: Int, taps names: [String], on engine: Engine
  ) throws(OneDNNError) -> Plan {
    var taps: [(name: String, tap: Tap)] = []
    for name in names { taps.append((name, try Tap(name, in: prepared.network))) }
    var builder = try PlanBuilder(prepared, batch: batch, tapped: Set(taps.map(\.tap)), on: engine)
    return try builder.build(taps)
  }

  private init(_ prepared: PreparedNetwork, batch: Int, tapped: Set<Tap>, on engine: Engine) throws(OneDNNError) {
    (self.prepared, self.tapped) = (prepared, tapped)
    draft = try PlanDraft(
      prepared.network, input: Shape([batch] + prepared.network.inputShape.dimensions), on: engine)
  }

  private mutating func build(_ taps: [(name: String, tap: Tap)]) throws(OneDNNError) -> Plan {
    var nodes: Set<Int> = []
    for case .value(let node) in tapped { nodes.insert(node) }
    let operations = network.lowered(taps: nodes)
    for operation in operations {
      readers[operation.input, default: 0] += 1
      if let residual = operation.residual { readers[residual, default: 0] += 1 }
    }
    for operation in operations {
      try add(operation)
      let value = Network.Value.node(operation.output)
      if nodes.contains(operation.output) || value == network.output {
        results[.value(node: operation.output)] = try draft.copy(
          draft.value(value), as: .plain(draft.shape(of: value)))
      }
    }
    for result in results.values { draft.keep(result) }
    var output = draft.inputSlot
    if case .node(let last) = network.output { output = results[.value(node: last)] ?? output }
    draft.keep(output)

    let (memory, steps) = try draft.finish()
    return Plan(
      engine: draft.engine, arena: memory, steps: steps, input: memory.result(draft.inputSlot),
      output: memory.result(output),
      taps: taps.map { ($0.name, memory.result(results[$0.tap] ?? draft.inputSlot)) })
  }

  private mutating func add(_ operation: LoweredOperation) throws(OneDNNError) {
    switch operation.kind {
    case .convolution(let node, let batchNorm): try addConvolution(operation, node, batchNorm)
    case .maxPool(let window):
      try draft.addMaxPool(operation, window, isTraining: false)
      finishReading(operation.input)
    case .combine(let attention): try addCombine(operation, attention)
    case .averagePool: try draft.addAveragePool(operation)
    case .linear(let node):
      let (layer, samples) = (prepared.dense(node: node), draft.input[0])
      try draft.addRows(.linear, operation) { x, y in
        for sample in 0..<samples {
          layer.apply(x.values + sample * layer.input, y.values + sample * layer.output, relu: operation.hasRelu)
        }
      }
    case .batchNorm(let node), .softmax(let node):
      // By the reference, which allocates; none of the networks here has such a layer on its hot path.
      let backend: ReferenceBackend<Float>
      do {
        backend = try ReferenceBackend(network, weights: prepared.weights)
      } catch {
        throw OneDNNError(.invalidNetwork, error.description)
      }
      try draft.addRows(.elementwise, operation) { x, y in y.fill(with: backend.apply(node: node, [x.tensor])) }
    }
  }

  // MARK: Operations

  private mutating func addConvolution(
    _ operation: LoweredOperation, _ node: Int, _ batchNorm: Int?
  ) throws(OneDNNError) {
    guard case .convolution(let convolution) = network.nodes[node].layer else { preconditionFailure("no convolution") }
    let engine = draft.engine
    let passes = ConvolutionPasses(
      convolution: convolution, input: draft.shape(of: operation.input),
      output: draft.shape(of: .node(operation.output)), hasBias: true, name: network.nodes[node].name)
    let descriptor = try passes.forward(
      addsResidual: operation.residual != nil, hasRelu: operation.hasRelu, on: engine)
    let source = try draft.value(operation.input, as: descriptor.required(dnnl_query_src_md))
    let targetLayout = try descriptor.required(dnnl_query_dst_md)
    let target: Slot
    if let residual = operation.residual {
      // The primitive adds to what its destination holds: the residual itself where nobody reads it later.
      let held = try draft.value(residual)
      let isFree =
        readers[residual] == 1 && held.layout.isSame(as: targetLayout) && held.buffer != source.buffer
      target = isFree ? held : try draft.copy(held, as: targetLayout)
      finishReading(residual)
    } else {
      target = draft.newSlot(targetLayout)
    }
    draft.setValue(target, of: operation)
    finishReading(operation.input)
    let weightsLayout = try descriptor.required(dnnl_query_weights_md)
    let weights = try prepared.packedWeights(node: node, batchNorm: batchNorm, weightsLayout) {
      (plain, buffer) throws(OneDNNError) in
      try Reorder.run(plain, to: weightsLayout, at: buffer.base, on: engine)
    }
    let bias = prepared.bias(node: node, batchNorm: batchNorm)
    try draft.append(
      .convolutionForward, descriptor, [(DNNL_ARG_SRC_0, source), (DNNL_ARG_DST_0, target)],
      owned: [
        (DNNL_ARG_WEIGHTS_0, weights, weightsLayout), (DNNL_ARG_BIAS, bias, .plain([convolution.output])),
      ])
  }

  /// Attention (or none), addition (or none) and ReLU (or none) over a whole feature map, in one sweep after the
  /// averages.
  private mutating func addCombine(_ operation: LoweredOperation, _ attention: Int?) throws(OneDNNError) {
    let (source, layout) = try draft.channelValue(operation.input)
    let residual: Slot? =
      if let value = operation.residual { try draft.value(value, as: source.layout) } else { nil }
    // In place where the source is ours alone: a value that another operation still reads is left alone.
    let isOwn = readers[operation.input] == 1 && operation.input != operation.residual
    let target = isOwn ? source : draft.newSlot(source.layout)
    draft.setValue(target, of: operation)
    finishReading(operation.input)
    if let value = operation.residual { finishReading(value) }
    let gate = attention.map { prepared.gate(node: $0) }
    var decision: Slot?
    if let attention, tapped.contains(.decision(node: attention)) {
      decision = draft.newSlot(try .plain([layout.samples, layout.channels]))
      results[.decision(node: attention)] = decision
    }
    let floor: Float = operation.hasRelu ? 0 : -.infinity
    // For each channel the threshold and the scale; then the gate's own scratch.
    let work = AlignedBuffer(2 * layout.channels + (gate?.scratchCount ?? 0))
    draft.append(gate == nil ? .elementwise : .attention, using: [source, target, residual]) { memory in
      let (x, y) = (memory.floats(source), memory.floats(target))
      let (other, decisions) = (memory.floats(residual), memory.floats(decision))
      return { _ in
        let (channels, threshold) = (layout.channels, work.floats)
        let scale = threshold + channels
        for sample in 0..<layout.samples {
          for channel in 0..<channels { (threshold[channel], scale[channel]) = (0, 1) }
          if let gate {
            let chosen = gate.layer.action == .shrinking ? threshold : scale
            gate.decide(x, layout, sample: sample, into: chosen, scratch: scale + channels)
            if let decisions { (decisions + sample * channels).update(from: chosen, count: channels) }
          }
          ChannelKernels.combine(
            x, residual: other, into: y, layout, sample: sample, threshold: threshold, scale: scale, floor: floor)
        }
      }
    }
  }

  private mutating func finishReading(_ value: Network.Value) { readers[value, default: 1] -= 1 }
}
