internal import COneDNN
internal import Tensors

/// Copies tensors into and out of oneDNN's layouts at once, outside any plan.
enum Reorder {
  /// Writes a row-major tensor in `layout` to `target`, which holds `layout.byteCount` bytes.
  static func run(
    _ tensor: Tensor<Float>, to layout: MemoryDescriptor, at target: UnsafeMutableRawPointer, on engine: Engine
  ) throws(OneDNNError) {
    let plain = try MemoryDescriptor.plain(tensor.shape)
    try tensor.withUnsafeBufferPointer { (buffer) throws(OneDNNError) in
      guard let base = buffer.baseAddress else { return }
      // oneDNN only reads it; its memory objects know no constness.
      try run(UnsafeMutableRawPointer(mutating: base), plain, to: target, layout, on: engine)
    }
  }

  static func run(
    _ source: UnsafeMutableRawPointer, _ from: MemoryDescriptor, to target: UnsafeMutableRawPointer,
    _ layout: MemoryDescriptor, on engine: Engine
  ) throws(OneDNNError) {
    try step(source, from, to: target, layout, [], on: engine).execute(on: engine)
    try engine.wait()
  }

  /// A copy from one buffer to another that can be made time and again.
  static func step(
    _ source: AlignedBuffer, _ from: MemoryDescriptor, to target: AlignedBuffer, _ layout: MemoryDescriptor,
    on engine: Engine
  ) throws(OneDNNError) -> PrimitiveStep {
    try step(source.base, from, to: target.base, layout, [source, target], on: engine)
  }

  private static func step(
    _ source: UnsafeMutableRawPointer, _ from: MemoryDescriptor, to target: UnsafeMutableRawPointer,
    _ layout: MemoryDescriptor, _ owners: [AlignedBuffer], on engine: Engine
  ) throws(OneDNNError) -> PrimitiveStep {
    let descriptor = try PrimitiveDescriptor.reorder(from: from, to: layout, on: engine)
    return PrimitiveStep(
      PrimitiveBox(try .create(descriptor)),
      [
        (DNNL_ARG_FROM, MemoryBox(try .over(source, from, on: engine))),
        (DNNL_ARG_TO, MemoryBox(try .over(target, layout, on: engine))),
      ], shared: owners)
  }
}
