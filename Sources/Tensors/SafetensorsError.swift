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
    case .duplicateName(let name): "the safetensors file names \(Self.shown(name)) twice"
    case .unsupportedType(let tensor, let type):
      "tensor \(Self.shown(tensor)) has element type \(Self.shown(type)); convert the file to F32"
    case .notSinglePrecision(let tensor, let type):
      "tensor \(Self.shown(tensor)) has element type \(type.rawValue) where F32 is needed"
    case .notRepresentable(let tensor, let position):
      "element \(position) of tensor \(Self.shown(tensor)) is a number too large for 32 bits"
    case .invalidShape(let tensor, let error): "tensor \(Self.shown(tensor)): \(error)"
    case .invalidOffsets(let tensor):
      "tensor \(Self.shown(tensor)) has data offsets that do not fit its shape, its element type or the file"
    case .overlapOrHole(let tensor): "tensor \(Self.shown(tensor)) overlaps another tensor or leaves a gap before it"
    case .trailingBytes(let count): "\(count) bytes after the last tensor belong to none"
    case .misaligned(let tensor): "tensor \(Self.shown(tensor)) does not begin at a multiple of 4 bytes"
    }
  }

  /// A text from a file for people to read: at most 80 characters, each that could steer a terminal or hide as its
  /// escape, `""` where it is empty.
  package static func shown(_ text: String) -> String {
    var result = ""
    for (count, scalar) in text.unicodeScalars.enumerated() {
      if count == 80 { return result + "…" }
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate:
        result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result.isEmpty ? "\"\"" : result
  }
}
