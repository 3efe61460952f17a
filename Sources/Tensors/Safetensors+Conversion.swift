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
      case .float16: widenHalves(bytes, into: target)
      case .bfloat16: widenUpperHalves(bytes, into: target)
      case .float64: overflow = narrowDoubles(bytes, into: target)
      case .int64: break
      }
    }
    if let overflow { throw .notRepresentable(tensor: entry.name, position: overflow) }
    return tensor
  }

  private static func widenHalves(_ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Float>) {
    for index in 0..<target.count {
      let bits = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
      target.initializeElement(at: index, to: single(half: bits))
    }
  }

  /// The value of an IEEE 754 binary16, by its bits: the same on every machine, with or without half-float hardware.
  static func single(half bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10) & 0x1F
    let fraction = UInt32(bits & 0x3FF)
    switch exponent {
    case 0:
      // Zero and subnormals: fraction·2⁻²⁴, a product of two Floats that is exact.
      let magnitude = Float(fraction) * 0x1p-24
      return Float(bitPattern: sign | magnitude.bitPattern)
    case 0x1F: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    // The exponent's bias is 15 there and 127 here.
    default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }

  private static func widenUpperHalves(
    _ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Float>
  ) {
    for index in 0..<target.count {
      let bits = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
      target.initializeElement(at: index, to: Float(bitPattern: UInt32(bits) << 16))
    }
  }

  /// Returns the first position whose finite number became infinite, nil where there is none.
  private static func narrowDoubles(
    _ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Float>
  ) -> Int? {
    var overflow: Int?
    for index in 0..<target.count {
      let bits = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
      let wide = Double(bitPattern: bits)
      let narrow = Float(wide)
      if wide.isFinite, !narrow.isFinite, overflow == nil { overflow = index }
      target.initializeElement(at: index, to: narrow)
    }
    return overflow
  }
}
