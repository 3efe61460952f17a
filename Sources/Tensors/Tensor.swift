/// A dense row-major array of numbers with a shape: a value, shared until one of its copies is written.
///
/// Memory that the tensor owns is 64-byte aligned; memory it borrows (`init(borrowing:)`) has at least the element's
/// natural alignment. May be passed between threads like any other value.
package struct Tensor<Scalar: TensorScalar>: Sendable {
  /// The extents, outermost first.
  package let shape: Shape

  @usableFromInline var storage: TensorStorage<Scalar>

  /// A tensor whose elements `body` writes, all of them, into a buffer of `shape.count` elements.
  package init(
    uninitialized shape: Shape, _ body: (UnsafeMutableBufferPointer<Scalar>) throws -> Void
  ) rethrows {
    self.shape = shape
    storage = TensorStorage(uninitialized: shape.count)
    try body(UnsafeMutableBufferPointer(start: storage.base, count: shape.count))
  }

  @specialized(where Scalar == Float)
  package init(repeating value: Scalar = 0, _ shape: Shape) {
    self.init(uninitialized: shape) { $0.initialize(repeating: value) }
  }

  /// The elements in row-major order; traps unless there are `shape.count` of them.
  package init(_ shape: Shape, _ elements: some Collection<Scalar>) {
    precondition(elements.count == shape.count, "\(elements.count) elements for a tensor of shape \(shape)")
    self.init(uninitialized: shape) { buffer in
      // Arrays, slices and buffers in one copy; unspecialised, the general way is some fifty times slower.
      let copied: Void? = elements.withContiguousStorageIfAvailable { source in
        guard let from = source.baseAddress, let to = buffer.baseAddress else { return }
        to.initialize(from: from, count: source.count)
      }
      if copied == nil { _ = buffer.initialize(from: elements) }
    }
  }

  /// A tensor over memory that `owner` keeps alive and unchanged, such as a mapped file; nothing is copied until the
  /// tensor is written.
  package init(
    borrowing base: UnsafePointer<Scalar>, _ shape: Shape, owner: any AnyObject & Sendable
  ) {
    self.shape = shape
    storage = TensorStorage(borrowing: base, count: shape.count, owner: owner)
  }

  /// The number of elements.
  package var count: Int { shape.count }

  /// The elements, valid inside `body` only.
  @inlinable
  package func withUnsafeBufferPointer<Result: ~Copyable, Failure: Error>(
    _ body: (UnsafeBufferPointer<Scalar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withExtendedLifetime(storage) { () throws(Failure) -> Result in
      try body(UnsafeBufferPointer(start: storage.base, count: storage.count))
    }
  }

  /// The elements for writing, valid inside `body` only. Copies them first when they are shared or borrowed.
  @inlinable
  package mutating func withUnsafeMutableBufferPointer<Result: ~Copyable, Failure: Error>(
    _ body: (UnsafeMutableBufferPointer<Scalar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    makeUnique()
    return try withExtendedLifetime(storage) { () throws(Failure) -> Result in
      try body(UnsafeMutableBufferPointer(start: storage.base, count: storage.count))
    }
  }

  /// The element at a row-major position; for tests and small tensors.
  @inlinable
  package subscript(position: Int) -> Scalar {
    get {
      precondition(position >= 0 && position < storage.count, "position outside the tensor")
      return storage.base[position]
    }
    set {
      precondition(position >= 0 && position < storage.count, "position outside the tensor")
      makeUnique()
      storage.base[position] = newValue
    }
  }

  /// The elements in row-major order, copied.
  package var elements: [Scalar] { withUnsafeBufferPointer { Array($0) } }

  /// The elements converted one by one, rounded to nearest; the tensor itself where the type is the same.
  @specialized(where Scalar == Float, Other == Double)
  @specialized(where Scalar == Double, Other == Float)
  package func converted<Other: TensorScalar>(to: Other.Type = Other.self) -> Tensor<Other> {
    if let same = self as? Tensor<Other> { return same }
    return Tensor<Other>(uninitialized: shape) { target in
      withUnsafeBufferPointer { source in
        for index in 0..<source.count { target.initializeElement(at: index, to: Other(source[index])) }
      }
    }
  }

  @usableFromInline
  mutating func makeUnique() {
    if storage.owner == nil, isKnownUniquelyReferenced(&storage) { return }
    let copy = TensorStorage<Scalar>(uninitialized: count)
    copy.base.initialize(from: storage.base, count: count)
    storage = copy
  }
}

extension Tensor: Equatable {
  /// Equal shapes and elements, compared as numbers (so a NaN is equal to nothing).
  @specialized(where Scalar == Float)
  package static func == (left: Tensor, right: Tensor) -> Bool {
    left.shape == right.shape
      && left.withUnsafeBufferPointer { a in right.withUnsafeBufferPointer { b in a.elementsEqual(b) } }
  }
}

/// The parameters of a network by torchvision name, such as `layer1.0.conv1.weight`.
package typealias Weights = [String: Tensor<Float>]
