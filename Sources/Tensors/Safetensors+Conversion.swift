extension Safetensors {
  /// One tensor's elements as Float, in memory of their own.
  ///
  /// - F32: the same bits.
  /// - F16 and BF16: exact, subnormals and signed zeros included; NaN stays NaN.
  /// - F64: rounded to the nearest Float, ties to even, which may give a subnormal or zero. A finite number that would
  ///   round to infinity is refused; infinity and NaN stay what they are.
  /// - I64: refused, since it never holds weights.
  ///
  /// - Parameter bytes: the entry's bytes alone, at any alignment; traps unless there are as many as its shape needs.
  package static func tensor(
    _ entry: Entry, from bytes: UnsafeRawBufferPointer
  ) throws(SafetensorsError) -> Tensor<Float> {
    precondition(bytes.count == entry.shape.count * entry.type.width, "the bytes are not this tensor's")
    guard entry.type.isFloatingPoint else { throw .notSinglePrecision(tensor: entry.name, type: entry.type) }
    var overflow: Int?
    let tensor = Tensor<Float>(uninitialized: entry.shape) { target in
      switch entry.type {
      case .float32: UnsafeMutableRawBufferPointer(target).copyMemory(from: bytes)
      case .float16: fill(target) { Float(Float16(bitPattern: bits(of: bytes, at: $0))) }
      case .bfloat16: fill(target) { Float(bitPattern: UInt32(bits(of: bytes, at: $0) as UInt16) << 16) }
      case .float64:
        func double(_ index: Int) -> Double { Double(bitPattern: bits(of: bytes, at: index)) }
        fill(target) { Float(double($0)) }
        overflow = target.indices.first { target[$0].isInfinite && double($0).isFinite }
      case .int64: break
      }
    }
    if let overflow { throw .notRepresentable(tensor: entry.name, position: overflow) }
    return tensor
  }

  @inline(__always)
  private static func fill(_ target: UnsafeMutableBufferPointer<Float>, _ element: (Int) -> Float) {
    for index in target.indices { target.initializeElement(at: index, to: element(index)) }
  }

  /// An element's bits, which lie little-endian and at any alignment.
  @inline(__always)
  private static func bits<Bits: FixedWidthInteger & BitwiseCopyable>(
    of bytes: UnsafeRawBufferPointer, at index: Int
  ) -> Bits {
    Bits(littleEndian: bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self))
  }
}
