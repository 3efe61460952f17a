internal import COneDNN
internal import Neural
internal import Tensors

/// One thing a plan does on each run. Everything it needs was allocated when the plan was made.
protocol Step: AnyObject {
  func execute(on engine: Engine) throws(OneDNNError)
}

/// One call of a oneDNN primitive.
final class PrimitiveStep: Step {
  private let primitive: PrimitiveBox
  private let arguments: UnsafeMutableBufferPointer<dnnl_exec_arg_t>
  /// What the arguments point to, kept alive.
  private let memories: [MemoryBox]
  /// The buffers outside the arena that the memories view.
  private let shared: [AlignedBuffer]

  init(_ primitive: PrimitiveBox, _ arguments: [(index: Int32, memory: MemoryBox)], shared: [AlignedBuffer] = []) {
    self.primitive = primitive
    self.arguments = .allocate(capacity: arguments.count)
    memories = arguments.map(\.memory)
    self.shared = shared
    for (position, argument) in arguments.enumerated() {
      self.arguments.initializeElement(
        at: position, to: dnnl_exec_arg_t(arg: argument.index, memory: argument.memory.memory.handle))
    }
  }

  deinit { arguments.deallocate() }

  func execute(on engine: Engine) throws(OneDNNError) {
    try primitive.primitive.execute(UnsafeBufferPointer(arguments), on: engine)
  }
}

/// A primitive that a closure can capture.
final class PrimitiveBox {
  let primitive: Primitive
  init(_ primitive: consuming Primitive) { self.primitive = primitive }
}

/// A memory object that can stand in an array.
final class MemoryBox {
  let memory: Memory
  init(_ memory: consuming Memory) { self.memory = memory }
}

/// Attention (or none), addition (or none) and ReLU (or none) over a whole feature map, in one sweep after the averages.
final class CombineStep: Step {
  private let source: UnsafeMutablePointer<Float>
  private let residual: UnsafeMutablePointer<Float>?
  private let target: UnsafeMutablePointer<Float>
  private let layout: ChannelLayout
  private let gate: AttentionGate?
  private let floor: Float
  /// Where the thresholds or gates go, `[N, C]`, if somebody asked for them.
  private let decision: UnsafeMutablePointer<Float>?
  /// For each channel: the average, the threshold and the scale; then the gate's own scratch.
  private let work: AlignedBuffer

  init(
    source: UnsafeMutablePointer<Float>, residual: UnsafeMutablePointer<Float>?, target: UnsafeMutablePointer<Float>,
    _ layout: ChannelLayout, gate: AttentionGate?, relu: Bool,
    decision: UnsafeMutablePointer<Float>? = nil
  ) {
    (self.source, self.residual, self.target) = (source, residual, target)
    (self.layout, self.gate, self.decision) = (layout, gate, decision)
    floor = relu ? 0 : -.infinity
    work = AlignedBuffer(byteCount: (3 * layout.channels + (gate?.scratchCount ?? 0)) * 4)
  }

  func execute(on engine: Engine) throws(OneDNNError) {
    let channels = layout.channels
    let average = work.floats
    let (threshold, scale, scratch) = (average + channels, average + 2 * channels, average + 3 * channels)
    for sample in 0..<layout.samples {
      for channel in 0..<channels { (threshold[channel], scale[channel]) = (0, 1) }
      switch gate?.kind {
      case .shrinkage:
        ChannelKernels.averages(source, layout, sample: sample, absolute: true, into: average)
        gate?.apply(average, gate: threshold, scratch: scratch)
        for channel in 0..<channels { threshold[channel] *= average[channel] }
      case .squeezeExcite:
        ChannelKernels.averages(source, layout, sample: sample, absolute: false, into: average)
        gate?.apply(average, gate: scale, scratch: scratch)
      case nil: break
      }
      if let decision, let gate {
        let chosen = gate.kind == .shrinkage ? threshold : scale
        (decision + sample * channels).update(from: chosen, count: channels)
      }
      ChannelKernels.combine(
        source, residual: residual, into: target, layout, sample: sample, threshold: threshold, scale: scale,
        floor: floor)
    }
  }
}

/// Global average pooling from any channel layout to rows, `[N, C]`.
final class AveragePoolStep: Step {
  private let source: UnsafeMutablePointer<Float>
  private let target: UnsafeMutablePointer<Float>
  private let layout: ChannelLayout

  init(source: UnsafeMutablePointer<Float>, target: UnsafeMutablePointer<Float>, _ layout: ChannelLayout) {
    (self.source, self.target, self.layout) = (source, target, layout)
  }

  func execute(on engine: Engine) throws(OneDNNError) {
    for sample in 0..<layout.samples {
      ChannelKernels.averages(
        source, layout, sample: sample, absolute: false, into: target + sample * layout.channels)
    }
  }
}

/// A linear layer over rows, `[N, in]` → `[N, out]`.
final class LinearStep: Step {
  private let source: UnsafeMutablePointer<Float>
  private let target: UnsafeMutablePointer<Float>
  private let samples: Int
  private let layer: DenseLayer
  private let relu: Bool

  init(
    source: UnsafeMutablePointer<Float>, target: UnsafeMutablePointer<Float>, samples: Int, _ layer: DenseLayer,
    relu: Bool
  ) {
    (self.source, self.target, self.samples, self.layer, self.relu) = (source, target, samples, layer, relu)
  }

  func execute(on engine: Engine) throws(OneDNNError) {
    for sample in 0..<samples {
      layer.apply(source + sample * layer.input, target + sample * layer.output, relu: relu)
    }
  }
}

/// A layer without a fast implementation (softmax, a batch norm that follows no convolution), by the reference. It
/// allocates; none of the networks here has one on its hot path.
final class ReferenceStep: Step {
  private let backend: ReferenceBackend<Float>
  private let node: Int
  private let source: UnsafeMutablePointer<Float>
  private let target: UnsafeMutablePointer<Float>
  private let shape: Shape

  init(
    _ backend: ReferenceBackend<Float>, node: Int, source: UnsafeMutablePointer<Float>,
    target: UnsafeMutablePointer<Float>, shape: Shape
  ) {
    (self.backend, self.node, self.source, self.target, self.shape) = (backend, node, source, target, shape)
  }

  func execute(on engine: Engine) throws(OneDNNError) {
    let input = Tensor(shape, UnsafeBufferPointer(start: source, count: shape.count))
    backend.apply(node: node, [input]).withUnsafeBufferPointer { output in
      guard let base = output.baseAddress else { return }
      target.update(from: base, count: output.count)
    }
  }
}
