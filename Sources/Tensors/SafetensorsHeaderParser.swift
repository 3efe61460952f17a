/// Parses a safetensors header: the few shapes of JSON the format uses, and nothing else.
///
/// A parser of its own, because a general one neither reports duplicate names nor bounds what hostile bytes make it
/// allocate: here memory stays proportional to the header, and nesting is fixed by the format.
struct SafetensorsHeaderParser {
  struct Tensor {
    var name: String
    var type: String
    var shape: [Int]
    var begin: Int
    var end: Int
  }

  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  /// `bytes` must stay valid while the parser lives.
  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  mutating func parse() throws(SafetensorsError) -> (tensors: [Tensor], metadata: [String: String]) {
    var tensors: [Tensor] = []
    var metadata: [String: String]?
    // Swift takes canonically equivalent texts for equal, so two spellings of one name are a duplicate here.
    var names: Set<String> = []
    // The format demands it, so that no file is both this and something else.
    guard bytes.first == UInt8(ascii: "{") else { throw fail("{ expected") }
    try object { (parser, name) throws(SafetensorsError) in
      guard !name.isEmpty, name.utf8.count <= Safetensors.maximumNameByteCount else {
        throw parser.fail("a tensor's name of \(name.utf8.count) bytes")
      }
      guard names.insert(name).inserted else { throw .duplicateName(name) }
      if name == "__metadata__" {
        metadata = try parser.texts()
      } else {
        tensors.append(try parser.tensor(name))
      }
    }
    // Writers pad the header with spaces to align the data.
    skipSpace()
    guard position == bytes.count else { throw fail("something follows the object") }
    return (tensors, metadata ?? [:])
  }

  private mutating func tensor(_ name: String) throws(SafetensorsError) -> Tensor {
    var type: String?
    var shape: [Int]?
    var offsets: [Int]?
    try object { (parser, key) throws(SafetensorsError) in
      switch key {
      case "dtype" where type == nil: type = try parser.string()
      case "shape" where shape == nil: shape = try parser.integers(limit: Shape.maximumRank)
      case "data_offsets" where offsets == nil: offsets = try parser.integers(limit: 2)
      default:
        throw parser.fail(
          "tensor \(SafetensorsError.shown(name)) has the unknown or repeated key \(SafetensorsError.shown(key))")
      }
    }
    guard let type, let shape, let offsets, offsets.count == 2 else {
      throw fail("tensor \(SafetensorsError.shown(name)) lacks dtype, shape or data_offsets")
    }
    return Tensor(name: name, type: type, shape: shape, begin: offsets[0], end: offsets[1])
  }

  private mutating func texts() throws(SafetensorsError) -> [String: String] {
    var texts: [String: String] = [:]
    try object { (parser, key) throws(SafetensorsError) in
      let value = try parser.string()
      guard texts.updateValue(value, forKey: key) == nil else { throw .duplicateName(key) }
    }
    return texts
  }

  /// An object whose every value `body` reads.
  private mutating func object(
    _ body: (inout SafetensorsHeaderParser, String) throws(SafetensorsError) -> Void
  ) throws(SafetensorsError) {
    try expect("{")
    if accept("}") { return }
    repeat {
      let key = try string()
      try expect(":")
      try body(&self, key)
    } while accept(",")
    try expect("}")
  }

  private mutating func integers(limit: Int) throws(SafetensorsError) -> [Int] {
    try expect("[")
    var values: [Int] = []
    if accept("]") { return values }
    repeat {
      guard values.count < limit else { throw fail("a list of more than \(limit) numbers") }
      values.append(try integer())
    } while accept(",")
    try expect("]")
    return values
  }

  /// A whole number of 0 or more that fits an Int: no sign, fraction, exponent or leading zero.
  private mutating func integer() throws(SafetensorsError) -> Int {
    skipSpace()
    let start = position
    var value = 0
    while position < bytes.count, case let digit = Int(bytes[position]) - 48, (0...9).contains(digit) {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(digit)
      guard !overflow, !carry else { throw fail("a number too large") }
      value = sum
      position += 1
    }
    guard position > start, position - start == 1 || bytes[start] != 48 else { throw fail("a whole number expected") }
    return value
  }

  private mutating func string() throws(SafetensorsError) -> String {
    try expect("\"")
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else { throw fail("a string that is not UTF-8") }
        return string
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw fail("a control character in a string")
      default: text.append(byte)
      }
    }
    throw fail("a string without end")
  }

  private mutating func escape(into text: inout [UInt8]) throws(SafetensorsError) {
    guard position < bytes.count else { throw fail("a string without end") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(8)
    case UInt8(ascii: "f"): text.append(12)
    case UInt8(ascii: "n"): text.append(10)
    case UInt8(ascii: "r"): text.append(13)
    case UInt8(ascii: "t"): text.append(9)
    case UInt8(ascii: "u"):
      var units = [try codeUnit()]
      if UTF16.isLeadSurrogate(units[0]) {
        guard position + 2 <= bytes.count, bytes[position] == UInt8(ascii: "\\"),
          bytes[position + 1] == UInt8(ascii: "u")
        else { throw fail("half a surrogate pair") }
        position += 2
        units.append(try codeUnit())
      }
      guard let string = String(validating: units, as: UTF16.self) else { throw fail("half a surrogate pair") }
      text.append(contentsOf: string.utf8)
    default: throw fail("an unknown escape")
    }
  }

  private mutating func codeUnit() throws(SafetensorsError) -> UInt16 {
    guard position + 4 <= bytes.count else { throw fail("a string without end") }
    var value: UInt16 = 0
    for byte in bytes[position..<position + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw fail("a malformed \\u escape") }
      value = value << 4 | UInt16(digit)
    }
    position += 4
    return value
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(SafetensorsError) {
    guard accept(character) else { throw fail("\(character) expected") }
  }

  private mutating func accept(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0a, 0x0d: position += 1
      default: return
      }
    }
  }

  private func fail(_ reason: String) -> SafetensorsError {
    .malformedHeader("\(reason) at byte \(position)")
  }
}
