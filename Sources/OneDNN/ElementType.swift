internal import COneDNN

/// The type of the numbers in a buffer. Networks compute in fp32; the others are what reduced precision needs.
enum ElementType: Hashable, Sendable, CaseIterable {
  case float32
  /// The upper half of a Float.
  case bfloat16
  case int8
  case uint8

  /// Bytes of one element.
  var width: Int {
    switch self {
    case .float32: 4
    case .bfloat16: 2
    case .int8, .uint8: 1
    }
  }

  /// oneDNN's name for it.
  var code: dnnl_data_type_t {
    switch self {
    case .float32: dnnl_f32
    case .bfloat16: dnnl_bf16
    case .int8: dnnl_s8
    case .uint8: dnnl_u8
    }
  }

  init?(_ code: dnnl_data_type_t) {
    guard let type = Self.allCases.first(where: { $0.code == code }) else { return nil }
    self = type
  }
}
