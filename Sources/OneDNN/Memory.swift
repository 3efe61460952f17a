internal import COneDNN

/// oneDNN's handle for a buffer that somebody else owns. It never frees the buffer.
struct Memory: ~Copyable {
  let handle: dnnl_memory_t

  private init(adopting handle: dnnl_memory_t) { self.handle = handle }

  deinit { dnnl_memory_destroy(handle) }

  /// A view of `base`, which must outlive it and hold `descriptor.byteCount` bytes.
  static func over(
    _ base: UnsafeMutableRawPointer, _ descriptor: MemoryDescriptor, on engine: Engine
  ) throws(OneDNNError) -> Memory {
    var handle: dnnl_memory_t?
    var raw = descriptor.raw
    try check(dnnl_memory_create(&handle, &raw, engine.handle, base), "creating a memory object")
    guard let handle else { throw OneDNNError(.failed, "creating a memory object gave none") }
    return Memory(adopting: handle)
  }

  /// A view of nothing yet; see `point(at:)`.
  static func unbound(_ descriptor: MemoryDescriptor, on engine: Engine) throws(OneDNNError) -> Memory {
    var handle: dnnl_memory_t?
    var raw = descriptor.raw
    let none = lectern_dnnl_memory_none()
    try check(dnnl_memory_create(&handle, &raw, engine.handle, none), "creating a memory object")
    guard let handle else { throw OneDNNError(.failed, "creating a memory object gave none") }
    return Memory(adopting: handle)
  }

  /// Makes it a view of `base` from now on.
  func point(at base: UnsafeMutableRawPointer) throws(OneDNNError) {
    try check(dnnl_memory_set_data_handle(handle, base), "pointing a memory object at a buffer")
  }
}
