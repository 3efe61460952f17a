import PlainText

/// Why bytes are no safetensors file that Lectern takes. Names from the file are shown cut and without control
/// characters, so that a description is safe for a terminal and a log.
package enum SafetensorsError: Error, Hashable, CustomStringConvertible {
  case truncated(expected: Int, given: Int)
  case headerTooLarge(UInt64)
  case malformedHeader(String)
  case duplicateName(String)
  /// An element type that is not understood at all.
  case unsupportedType(tensor: String, type: String)
  /// An element type that is understood, where only F32 will do.
  case notSinglePrecision(tensor: String, type: Safetensors.ElementType)
  /// A finite F64 number beyond the largest Float.
  case notRepresentable(tensor: String, position: Int)
  case invalidShape(tensor: String, ShapeError)
  case invalidOffsets(tensor: String)
  /// Two tensors share bytes, or some bytes belong to none.
  case overlapOrHole(tensor: String)
  case trailingBytes(Int)
  case misaligned(tensor: String)

  package var description: String {
    switch self {
    case .truncated(let expected, let given):
      "the safetensors file ends after \(given) bytes where \(expected) are needed: copy it again"
    case .headerTooLarge(let length):
      "the safetensors header claims \(length) bytes; \(Safetensors.maximumHeaderByteCount) is the limit"
    case .malformedHeader(let reason): "the safetensors header is malformed: \(reason)"
    case .duplicateName(let name): "the safetensors file names \(name.shown) twice"
    case .unsupportedType(let tensor, let type):
      "tensor \(tensor.shown) has element type \(type.shown); convert the file to F32"
    case .notSinglePrecision(let tensor, let type):
      "tensor \(tensor.shown) has element type \(type.rawValue) where F32 is needed"
    case .notRepresentable(let tensor, let position):
      "element \(position) of tensor \(tensor.shown) is a number too large for 32 bits"
    case .invalidShape(let tensor, let error): "tensor \(tensor.shown): \(error)"
    case .invalidOffsets(let tensor):
      "tensor \(tensor.shown) has data offsets that do not fit its shape, its element type or the file"
    case .overlapOrHole(let tensor): "tensor \(tensor.shown) overlaps another tensor or leaves a gap before it"
    case .trailingBytes(let count): "\(count) bytes after the last tensor belong to none"
    case .misaligned(let tensor): "tensor \(tensor.shown) does not begin at a multiple of 4 bytes"
    }
  }
}
