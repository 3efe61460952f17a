internal import COneDNN
internal import Tensors

/// Copies numbers from one of oneDNN's layouts into another, outside any plan.
enum Reorder {
  /// Writes a row-major tensor in `layout` to `target`, which holds `layout.byteCount` bytes.
  static func run(
    _ tensor: Tensor<Float>, to layout: MemoryDescriptor, at target: UnsafeMutableRawPointer, on engine: Engine
  ) throws(OneDNNError) {
    let plain = try MemoryDescriptor.plain(tensor.shape)
    try tensor.withUnsafeBufferPointer { (buffer) throws(OneDNNError) in
      guard let base = buffer.baseAddress else { return }
      // oneDNN only reads it; its memory objects know no constness.
      let source = UnsafeMutableRawPointer(mutating: base)
      try call(source, plain, to: target, layout, keeping: [], on: engine).run(on: engine)
      try engine.wait()
    }
  }

  /// A copy from one place to another that can be made time and again; `owners` are the buffers of both.
  static func call(
    _ source: UnsafeMutableRawPointer, _ from: MemoryDescriptor, to target: UnsafeMutableRawPointer,
    _ layout: MemoryDescriptor, keeping owners: [AlignedBuffer], on engine: Engine
  ) throws(OneDNNError) -> PrimitiveCall {
    let descriptor = try PrimitiveDescriptor.reorder(from: from, to: layout, on: engine)
    return PrimitiveCall(
      try .create(descriptor),
      [
        (DNNL_ARG_FROM, try .over(source, from, on: engine)), (DNNL_ARG_TO, try .over(target, layout, on: engine)),
      ], shared: owners)
  }
}
