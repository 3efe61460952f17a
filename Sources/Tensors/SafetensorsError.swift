/// Why bytes are no safetensors file that Lectern takes.
package enum SafetensorsError: Error, Hashable, CustomStringConvertible {
  case truncated(expected: Int, given: Int)
  case headerTooLarge(UInt64)
  case malformedHeader(String)
  case duplicateName(String)
  case unsupportedType(tensor: String, type: String)
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
    case .duplicateName(let name): "the safetensors file names tensor \(name) twice"
    case .unsupportedType(let tensor, let type):
      "tensor \(tensor) has element type \(type); convert the file to F32"
    case .invalidShape(let tensor, let error): "tensor \(tensor): \(error)"
    case .invalidOffsets(let tensor): "tensor \(tensor) has data offsets that do not fit its shape or the file"
    case .overlapOrHole(let tensor): "tensor \(tensor) overlaps another tensor or leaves a gap before it"
    case .trailingBytes(let count): "\(count) bytes after the last tensor belong to none"
    case .misaligned(let tensor): "tensor \(tensor) does not begin at a multiple of 4 bytes"
    }
  }
}
