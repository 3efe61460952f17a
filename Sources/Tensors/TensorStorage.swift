/// The element types a tensor may hold.
@usableFromInline
package protocol TensorScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {}

extension Float: TensorScalar {}
extension Double: TensorScalar {}

/// One run of elements in memory: either owned, 64-byte aligned, or borrowed from an owner that is kept alive
/// (a mapped file, for weights that are used without copying them).
///
/// A class, not a `~Copyable` owner: weights are shared by every stream, stand in dictionaries and travel between
/// isolation domains, none of which a noncopyable type can do; uniqueness, which mutation needs, is asked of the
/// reference count at run time.
///
/// `@unchecked Sendable`: the elements are written only by `Tensor`'s mutating methods, after it has made sure that it
/// holds the only reference, and memory with a foreign owner is never written at all.
@usableFromInline
package final class TensorStorage<Scalar: TensorScalar>: @unchecked Sendable {
  @usableFromInline let base: UnsafeMutablePointer<Scalar>
  @usableFromInline let count: Int
  @usableFromInline let owner: (any AnyObject & Sendable)?

  /// oneDNN's AVX-512 loads and every cache line divide this.
  package static var alignment: Int { 64 }

  /// Owned, not yet initialised memory.
  init(uninitialized count: Int) {
    let bytes = max(count, 1) * MemoryLayout<Scalar>.stride
    let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: Self.alignment)
    base = raw.bindMemory(to: Scalar.self, capacity: count)
    self.count = count
    owner = nil
  }

  /// Elements inside memory that `owner` keeps alive and unchanged.
  init(borrowing base: UnsafePointer<Scalar>, count: Int, owner: any AnyObject & Sendable) {
    self.base = UnsafeMutablePointer(mutating: base)
    self.count = count
    self.owner = owner
  }

  deinit {
    if owner == nil { UnsafeMutableRawPointer(base).deallocate() }
  }
}
