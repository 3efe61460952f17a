/// A strict JSON reader (RFC 8259) for events, which come from outside and may be hostile.
///
/// UTF-8 without byte order mark, no repeated keys (two readers could choose differently), nesting to 12, 100,000 values at most. The
/// bytes are lent: neither document nor values outlive the call that lends them.
struct JSONDocument {
  private let bytes: UnsafeRawBufferPointer
  private let value: JSONValue

  static let depthLimit = 12
  static let valueLimit = 100_000

  init(_ bytes: UnsafeRawBufferPointer) throws(EventError) {
    guard !bytes.isEmpty else { throw EventError("value", "empty") }
    let text = Span(_unsafeElements: bytes.bindMemory(to: UInt8.self))
    guard (try? UTF8Span(validating: text)) != nil else { throw EventError("value", "not UTF-8") }
    var parser = JSONParser(bytes: bytes)
    guard let value = parser.parse() else { throw EventError("value", parser.failure ?? "not JSON") }
    (self.bytes, self.value) = (bytes, value)
  }

  /// The document as an object.
  func root() throws(EventError) -> JSONObject {
    guard case .object(let members) = value else { throw EventError("value", "not a JSON object") }
    return JSONObject(bytes: bytes, members: members, path: "")
  }

  /// The document as an array of objects, or as one object.
  func roots() throws(EventError) -> [JSONObject] {
    guard case .array(let elements) = value else { return [try root()] }
    return try JSONObject.objects(elements, bytes: bytes, path: "")
  }
}

/// Recursive descent over bytes that are known to be UTF-8.
struct JSONParser {
  let bytes: UnsafeRawBufferPointer
  private var index = 0
  private var valueCount = 0
  /// Says more than "not JSON" where there is more to say.
  private(set) var failure: String?

  init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The whole text as one value; nil if it is none.
  mutating func parse() -> JSONValue? {
    guard let value = parseValue(depth: 0) else { return nil }
    skipSpace()
    return index == bytes.count ? value : nil
  }

  private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  private mutating func take(literal: StaticString) -> Bool {
    let count = literal.utf8CodeUnitCount
    guard index + count <= bytes.count,
      UnsafeRawBufferPointer(rebasing: bytes[index..<(index + count)]).equals(literal)
    else { return false }
    index += count
    return true
  }

  private mutating func fail(_ reason: String) -> JSONValue? {
    failure = reason
    return nil
  }

  private mutating func parseValue(depth: Int) -> JSONValue? {
    skipSpace()
    valueCount += 1
    guard valueCount <= JSONDocument.valueLimit else { return fail("more than \(JSONDocument.valueLimit) JSON values") }
    switch next {
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      guard depth < JSONDocument.depthLimit else { return fail("JSON nested deeper than \(JSONDocument.depthLimit)") }
      return next == UInt8(ascii: "{") ? parseObject(depth: depth) : parseArray(depth: depth)
    case UInt8(ascii: "\""): return parseString()
    case UInt8(ascii: "t"): return take(literal: "true") ? .bool(true) : nil
    case UInt8(ascii: "f"): return take(literal: "false") ? .bool(false) : nil
    case UInt8(ascii: "n"): return take(literal: "null") ? .null : nil
    default: return parseNumber()
    }
  }

  private mutating func parseObject(depth: Int) -> JSONValue? {
    index += 1
    var members: [String: JSONValue] = [:]
    skipSpace()
    if take("}") { return .object(members) }
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\""), case .string(let range, let isEscaped)? = parseString(),
        let key = JSONText.decode(bytes, range, isEscaped: isEscaped)
      else { return nil }
      skipSpace()
      guard take(":"), let value = parseValue(depth: depth + 1) else { return nil }
      guard members.updateValue(value, forKey: key) == nil else { return fail("a JSON object repeats a key") }
      skipSpace()
    } while take(",")
    return take("}") ? .object(members) : nil
  }

  private mutating func parseArray(depth: Int) -> JSONValue? {
    index += 1
    var elements: [JSONValue] = []
    skipSpace()
    if take("]") { return .array(elements) }
    repeat {
      guard let value = parseValue(depth: depth + 1) else { return nil }
      elements.append(value)
      skipSpace()
    } while take(",")
    return take("]") ? .array(elements) : nil
  }

  /// At the opening quote. Escapes are judged by `JSONText.decode`; here a backslash only hides the next byte.
  private mutating func parseString() -> JSONValue? {
    index += 1
    let start = index
    var isEscaped = false
    while let byte = next {
      if byte == UInt8(ascii: "\"") {
        defer { index += 1 }
        return .string(start..<index, isEscaped: isEscaped)
      }
      guard byte >= 0x20 else { return nil }
      if byte == UInt8(ascii: "\\") {
        isEscaped = true
        index += 1
      }
      index += 1
    }
    return nil
  }

  private mutating func parseNumber() -> JSONValue? {
    let start = index
    func isDigit(_ byte: UInt8?) -> Bool { byte.map { $0 >= 0x30 && $0 <= 0x39 } ?? false }
    _ = take("-")
    if !take("0") {
      guard isDigit(next) else { return nil }
      while isDigit(next) { index += 1 }
    }
    if take(".") {
      guard isDigit(next) else { return nil }
      while isDigit(next) { index += 1 }
    }
    if take("e") || take("E") {
      _ = take("+") || take("-")
      guard isDigit(next) else { return nil }
      while isDigit(next) { index += 1 }
    }
    return .number(start..<index)
  }
}
