extension Safetensors {
  /// The element types that are understood, by the names the format gives them. Others (8-bit floats, small integers,
  /// booleans, complex numbers) are refused: no published weights of Lectern's networks use them.
  package enum ElementType: String, Sendable, CaseIterable {
    case float64 = "F64"
    case float32 = "F32"
    case float16 = "F16"
    /// The upper half of a Float: its sign, its exponent and seven bits of its mantissa.
    case bfloat16 = "BF16"
    /// Counters that PyTorch keeps beside batch norms; never weights.
    case int64 = "I64"

    /// Bytes of one element.
    package var width: Int {
      switch self {
      case .float64, .int64: 8
      case .float32: 4
      case .float16, .bfloat16: 2
      }
    }

    /// Whether its tensors can be read as `Tensor<Float>`.
    package var isFloatingPoint: Bool { self != .int64 }
  }
}
