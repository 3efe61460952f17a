/// 64-byte aligned memory, zeroed.
///
/// `@unchecked Sendable`: a buffer is either private to one stream's thread (activations) or filled before it is
/// published behind a lock and only read from then on (packed weights).
final class AlignedBuffer: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let byteCount: Int
  /// Whose memory this is, where it is not its own.
  private let owner: AlignedBuffer?

  init(byteCount: Int) {
    self.byteCount = max(byteCount, 64)
    owner = nil
    base = .allocate(byteCount: self.byteCount, alignment: 64)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: self.byteCount)
  }

  /// Room for `count` elements.
  convenience init(_ count: Int, of type: ElementType = .float32) { self.init(byteCount: count * type.width) }

  /// Some numbers of another buffer, which lives as long as this one.
  init(viewing owner: AlignedBuffer, elements: Range<Int>, of type: ElementType = .float32) {
    self.owner = owner
    base = owner.base + elements.lowerBound * type.width
    byteCount = elements.count * type.width
  }

  deinit { if owner == nil { base.deallocate() } }

  /// Its bytes as fp32 numbers; for buffers that hold such.
  var floats: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }
}
