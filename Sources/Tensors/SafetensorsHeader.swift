import JSON
import PlainText

/// What a safetensors header says, before it is checked against the file: the few shapes of JSON the format uses, and
/// nothing else, so that nesting is fixed and memory stays proportional to the header.
struct SafetensorsHeader {
  struct Tensor {
    var name: String
    var type: String
    var shape: [Int]
    var begin: Int
    var end: Int
  }

  private(set) var tensors: [Tensor] = []
  private(set) var metadata: [String: String] = [:]

  init(_ bytes: UnsafeRawBufferPointer) throws(SafetensorsError) {
    var reader = JSONReader(bytes)
    do throws(JSONSyntaxError) {
      // The format demands it, so that no file is both this and something else.
      guard bytes.first == UInt8(ascii: "{") else { throw reader.failure("{ expected") }
      try read(&reader)
      // Writers pad the header with spaces to align the data.
      try reader.end()
    } catch {
      throw SafetensorsError(error)
    }
  }

  private mutating func read(_ reader: inout JSONReader) throws(JSONSyntaxError) {
    var members = JSONReader.Members()
    // Weights are found by `String`, for which two spellings of one text are equal: such names are refused too.
    var names: Set<String> = []
    try reader.expect("{")
    while let name = try reader.name(in: &members) {
      let count = name.text.utf8.count
      guard count > 0, count <= Safetensors.maximumNameByteCount else {
        throw reader.failure("a tensor's name of \(count) bytes")
      }
      guard names.insert(name.text).inserted else { throw .repeatedName(name, position: reader.position) }
      if name == "__metadata__" {
        metadata = try Self.texts(&reader)
      } else {
        tensors.append(try Self.tensor(name.text, &reader))
      }
    }
  }

  private static func tensor(_ name: String, _ reader: inout JSONReader) throws(JSONSyntaxError) -> Tensor {
    var type: String?
    var shape: [Int]?
    var offsets: [Int]?
    var members = JSONReader.Members()
    func refusal(_ key: JSONName) -> JSONSyntaxError {
      reader.failure("tensor \(name.shown) has the unknown or repeated key \(key.text.shown)")
    }
    try reader.expect("{")
    do throws(JSONSyntaxError) {
      while let key = try reader.name(in: &members) {
        switch key {
        case "dtype": type = try reader.string()
        case "shape": shape = try integers(&reader, limit: Shape.maximumRank)
        case "data_offsets": offsets = try integers(&reader, limit: 2)
        default: throw refusal(key)
        }
      }
    } catch {
      guard case .repeatedName(let key, _) = error else { throw error }
      throw refusal(key)
    }
    guard let type, let shape, let offsets, offsets.count == 2 else {
      throw reader.failure("tensor \(name.shown) lacks dtype, shape or data_offsets")
    }
    return Tensor(name: name, type: type, shape: shape, begin: offsets[0], end: offsets[1])
  }

  private static func texts(_ reader: inout JSONReader) throws(JSONSyntaxError) -> [String: String] {
    var texts: [String: String] = [:]
    var members = JSONReader.Members()
    try reader.expect("{")
    while let name = try reader.name(in: &members) {
      let old = texts.updateValue(try reader.string(), forKey: name.text)
      guard old == nil else { throw .repeatedName(name, position: reader.position) }
    }
    return texts
  }

  private static func integers(_ reader: inout JSONReader, limit: Int) throws(JSONSyntaxError) -> [Int] {
    var values: [Int] = []
    var members = JSONReader.Members()
    try reader.expect("[")
    while try reader.hasElement(in: &members) {
      guard values.count < limit else { throw reader.failure("a list of more than \(limit) numbers") }
      values.append(try integer(&reader))
    }
    return values
  }

  /// A whole number of 0 or more that fits an Int: no sign, fraction or exponent.
  private static func integer(_ reader: inout JSONReader) throws(JSONSyntaxError) -> Int {
    let number = try reader.number()
    guard number.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { throw reader.failure("a whole number expected") }
    guard let value = Int(String(decoding: number, as: UTF8.self)) else { throw reader.failure("a number too large") }
    return value
  }
}

extension SafetensorsError {
  fileprivate init(_ error: JSONSyntaxError) {
    switch error {
    case .malformed(let reason, let position): self = .malformedHeader("\(reason) at byte \(position)")
    case .repeatedName(let name, _): self = .duplicateName(name.text)
    case .tooDeep, .tooManyValues: self = .malformedHeader("too many or too deep values")
    }
  }
}
