internal import COneDNN

/// oneDNN's handle for a buffer that somebody else owns. It never frees the buffer.
final class Memory {
  let handle: dnnl_memory_t

  private init(adopting handle: dnnl_memory_t) { self.handle = handle }

  deinit { dnnl_memory_destroy(handle) }

  /// A view of `base`, which must outlive it and hold `descriptor.byteCount` bytes.
  static func over(
    _ base: UnsafeMutableRawPointer, _ descriptor: MemoryDescriptor, on engine: Engine
  ) throws(OneDNNError) -> Memory {
    var handle: dnnl_memory_t?
    let status = descriptor.withRaw { lectern_dnnl_memory_create(&handle, $0, engine.handle, base) }
    try check(status, "creating a memory object")
    guard let handle else { throw OneDNNError(.failed, "creating a memory object gave none") }
    return Memory(adopting: handle)
  }
}
