internal import COneDNN
internal import Neural
internal import Tensors

/// The parameters of a store as one training plan's primitives want them. What is wanted row-major is the store's own
/// memory; every other layout is a copy, made and unmade around a step.
final class TrainingParameters {
  /// A parameter or its gradient in another layout, and the reorder between the two.
  private struct Copy {
    let buffer: AlignedBuffer
    let layout: MemoryDescriptor
    let reorder: PrimitiveCall
  }

  private let engine: Engine
  private let store: ParameterStore
  private var values: [String: [Copy]] = [:]
  private var gradients: [Copy] = []

  init(_ store: ParameterStore, on engine: Engine) { (self.store, self.engine) = (store, engine) }

  /// Where a parameter's value lies in `layout` after `pack`.
  func value(_ name: String, as layout: MemoryDescriptor) throws(OneDNNError) -> AlignedBuffer {
    let (own, plain) = try place(name, in: store.values)
    if plain.isSame(as: layout) { return own }
    if let known = values[name]?.first(where: { $0.layout.isSame(as: layout) }) { return known.buffer }
    let buffer = AlignedBuffer(byteCount: layout.byteCount)
    let reorder = try Reorder.call(
      own.base, plain, to: buffer.base, layout, keeping: [own, buffer], on: engine)
    values[name, default: []].append(Copy(buffer: buffer, layout: layout, reorder: reorder))
    return buffer
  }

  /// Where a parameter's value lies row-major.
  func value(_ name: String) throws(OneDNNError) -> AlignedBuffer { try place(name, in: store.values).buffer }

  /// Where the backward pass leaves a parameter's gradient, in `layout`. One place a parameter.
  func gradient(_ name: String, as layout: MemoryDescriptor) throws(OneDNNError) -> AlignedBuffer {
    let (own, plain) = try place(name, in: store.gradients)
    if plain.isSame(as: layout) { return own }
    let buffer = AlignedBuffer(byteCount: layout.byteCount)
    let reorder = try Reorder.call(
      buffer.base, layout, to: own.base, plain, keeping: [own, buffer], on: engine)
    gradients.append(Copy(buffer: buffer, layout: layout, reorder: reorder))
    return buffer
  }

  func gradient(_ name: String) throws(OneDNNError) -> AlignedBuffer { try place(name, in: store.gradients).buffer }

  /// Brings the store's values into the plan's layouts.
  func pack() throws(OneDNNError) {
    for copies in values.values { for copy in copies { try copy.reorder.run(on: engine) } }
    try engine.wait()
  }

  /// Brings the plan's gradients into the store.
  func unpack() throws(OneDNNError) {
    for copy in gradients { try copy.reorder.run(on: engine) }
    try engine.wait()
  }

  /// The memory it holds besides the store's.
  var byteCount: Int {
    values.values.joined().reduce(0) { $0 + $1.buffer.byteCount } + gradients.reduce(0) { $0 + $1.buffer.byteCount }
  }

  private func place(
    _ name: String, in buffer: AlignedBuffer
  ) throws(OneDNNError) -> (buffer: AlignedBuffer, layout: MemoryDescriptor) {
    guard let view = store.layout[name] else { throw OneDNNError(.invalidNetwork, "no parameter named \(name)") }
    return (AlignedBuffer(viewing: buffer, elements: view.range), try .plain(view.shape))
  }
}
