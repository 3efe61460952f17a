internal import COneDNN
internal import Neural
internal import Tensors

/// The parameters of one training plan in the layouts its primitives want, and the gradients they leave. Everything is
/// allocated while the plan is built; a step only copies.
final class TrainingParameters {
  /// A copy between a caller's row-major tensor and one of our buffers.
  private struct Copy {
    let buffer: AlignedBuffer
    let layout: MemoryDescriptor
    /// The reorder and the memory object to point at the tensor; nil where the layout is row-major.
    let reorder: (step: PrimitiveStep, plain: MemoryBox)?
  }

  private let engine: Engine
  private let shapes: [String: Shape]
  private var values: [String: [Copy]] = [:]
  private var gradients: [String: Copy] = [:]

  init(_ network: Network, on engine: Engine) {
    self.engine = engine
    shapes = Dictionary(uniqueKeysWithValues: network.parameters.map { ($0.name, $0.shape) })
  }

  /// Where a parameter's value lies in `layout` after `load`.
  func value(_ name: String, as layout: MemoryDescriptor) throws(OneDNNError) -> AlignedBuffer {
    if let known = values[name]?.first(where: { $0.layout.isSame(as: layout) }) { return known.buffer }
    let copy = try makeCopy(name, layout, isGradient: false)
    values[name, default: []].append(copy)
    return copy.buffer
  }

  /// Where a parameter's value lies row-major after `load`.
  func value(_ name: String) throws(OneDNNError) -> AlignedBuffer {
    try value(name, as: .plain(shapes[name]!))
  }

  /// Where the backward pass leaves a parameter's gradient, in `layout`. One place a parameter.
  func gradient(_ name: String, as layout: MemoryDescriptor) throws(OneDNNError) -> AlignedBuffer {
    let copy = try makeCopy(name, layout, isGradient: true)
    gradients[name] = copy
    return copy.buffer
  }

  func gradient(_ name: String) throws(OneDNNError) -> AlignedBuffer {
    try gradient(name, as: .plain(shapes[name]!))
  }

  /// Takes over the values of `weights`, which hold every parameter in its shape.
  func load(_ weights: Weights) throws(OneDNNError) {
    for (name, copies) in values {
      guard let tensor = weights[name] else { continue }
      try tensor.withUnsafeBufferPointer { (source) throws(OneDNNError) in
        guard let base = source.baseAddress else { return }
        for copy in copies {
          guard let reorder = copy.reorder else {
            copy.buffer.floats.update(from: base, count: source.count)
            continue
          }
          // oneDNN only reads it; its memory objects know no constness.
          try reorder.plain.memory.point(at: UnsafeMutableRawPointer(mutating: base))
          try reorder.step.execute(on: engine)
        }
        try engine.wait()
      }
    }
  }

  /// The gradients of the named parameters, zero where the backward pass reaches none.
  func gradients(of names: Set<String>) throws(OneDNNError) -> Weights {
    var result: Weights = [:]
    for name in names {
      guard let shape = shapes[name] else { continue }
      guard let copy = gradients[name] else {
        result[name] = Tensor(repeating: 0, shape)
        continue
      }
      guard let reorder = copy.reorder else {
        result[name] = Tensor(shape, UnsafeBufferPointer(start: copy.buffer.floats, count: shape.count))
        continue
      }
      var failure: OneDNNError?
      result[name] = Tensor(uninitialized: shape) { target in
        do throws(OneDNNError) {
          guard let base = target.baseAddress else { return }
          try reorder.plain.memory.point(at: UnsafeMutableRawPointer(base))
          try reorder.step.execute(on: engine)
          try engine.wait()
        } catch {
          target.initialize(repeating: 0)
          failure = error
        }
      }
      if let failure { throw failure }
    }
    return result
  }

  /// The memory it holds.
  var byteCount: Int {
    values.values.joined().reduce(0) { $0 + $1.buffer.byteCount }
      + gradients.values.reduce(0) { $0 + $1.buffer.byteCount }
  }

  private func makeCopy(
    _ name: String, _ layout: MemoryDescriptor, isGradient: Bool
  ) throws(OneDNNError) -> Copy {
    guard let shape = shapes[name] else { throw OneDNNError(.invalidNetwork, "no parameter named \(name)") }
    let buffer = AlignedBuffer(byteCount: layout.byteCount)
    let plain = try MemoryDescriptor.plain(shape)
    guard !plain.isSame(as: layout) else { return Copy(buffer: buffer, layout: layout, reorder: nil) }
    let (outside, inside) = (
      MemoryBox(try .unbound(plain, on: engine)), MemoryBox(try .over(buffer.base, layout, on: engine))
    )
    let descriptor: PrimitiveDescriptor =
      isGradient
      ? try .reorder(from: layout, to: plain, on: engine) : try .reorder(from: plain, to: layout, on: engine)
    let step = PrimitiveStep(
      PrimitiveBox(try .create(descriptor)),
      [(DNNL_ARG_FROM, isGradient ? inside : outside), (DNNL_ARG_TO, isGradient ? outside : inside)], shared: [buffer])
    return Copy(buffer: buffer, layout: layout, reorder: (step, outside))
  }
}
