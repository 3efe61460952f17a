/// 64-byte aligned memory for floats, zeroed.
///
/// `@unchecked Sendable`: a buffer is either private to one stream's thread (activations) or filled before it is
/// published behind a lock and only read from then on (packed weights).
final class AlignedBuffer: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let byteCount: Int

  init(byteCount: Int) {
    self.byteCount = max(byteCount, 64)
    base = .allocate(byteCount: self.byteCount, alignment: 64)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: self.byteCount)
  }

  deinit { base.deallocate() }

  var floats: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }
}
