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

/// A step that is one of our own kernels.
final class KernelStep: Step {
  private let body: (Engine) throws(OneDNNError) -> Void
  init(_ body: @escaping (Engine) throws(OneDNNError) -> Void) { self.body = body }
  func execute(on engine: Engine) throws(OneDNNError) { try body(engine) }
}
