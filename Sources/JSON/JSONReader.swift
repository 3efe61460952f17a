/// Reads one JSON text (RFC 8259) part by part: the caller says what comes next, and anything else is an error.
///
/// Keeps its position and nothing else, so that hostile bytes take no more memory than the caller gives them. Strings
/// and numbers are lent, never copied: they are valid as long as the bytes are.
package struct JSONReader {
  private let bytes: UnsafeRawBufferPointer
  /// How many bytes are read.
  package private(set) var position = 0

  package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// What is remembered of an object or array while its members are read.
  package struct Members {
    fileprivate var isFirst = true
    private var first: [JSONName] = []
    /// All of them, once there are many.
    private var names: Set<JSONName> = []

    package init() {}

    /// Nearly every object has few names, which are compared faster than they are hashed.
    fileprivate mutating func insert(_ name: JSONName) -> Bool {
      guard first.count == 16 else {
        guard !first.contains(name) else { return false }
        first.append(name)
        return true
      }
      if names.isEmpty { names = Set(first) }
      return names.insert(name).inserted
    }
  }

  package func failure(_ reason: String) -> JSONSyntaxError { .malformed(reason, position: position) }

  /// The byte that the next value or mark begins with; nil at the end.
  package mutating func peek() -> UInt8? {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return bytes[position]
      }
    }
    return nil
  }

  /// Takes a mark if it is the next one.
  package mutating func take(_ mark: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(ascii: mark) else { return false }
    position += 1
    return true
  }

  package mutating func expect(_ mark: Unicode.Scalar) throws(JSONSyntaxError) {
    guard take(mark) else { throw failure("\(mark) expected") }
  }

  /// Nothing but space may follow.
  package mutating func end() throws(JSONSyntaxError) {
    guard peek() == nil else { throw failure("something follows the value") }
  }

  /// The name of an object's next member, before its value; nil after the last. The opening brace is read already.
  ///
  /// A repeated name is refused: two readers could choose differently.
  package mutating func name(in members: inout Members) throws(JSONSyntaxError) -> JSONName? {
    guard try hasNext(in: &members, end: "}") else { return nil }
    let name = JSONName(try string())
    try expect(":")
    guard members.insert(name) else { throw .repeatedName(name, position: position) }
    return name
  }

  /// Whether an array has a further element, which comes next. The opening bracket is read already.
  package mutating func hasElement(in members: inout Members) throws(JSONSyntaxError) -> Bool {
    try hasNext(in: &members, end: "]")
  }

  private mutating func hasNext(in members: inout Members, end: Unicode.Scalar) throws(JSONSyntaxError) -> Bool {
    defer { members.isFirst = false }
    if members.isFirst { return !take(end) }
    if take(",") { return true }
    try expect(end)
    return false
  }

  /// A string with its escapes resolved.
  package mutating func string() throws(JSONSyntaxError) -> String {
    let text = try text()
    do throws(JSONText.Malformed) { return try text.string() } catch { throw failure(error.reason) }
  }

  /// A string as it stands: its escapes are judged when they are resolved, here a backslash only hides the next byte.
  package mutating func text() throws(JSONSyntaxError) -> JSONText {
    try expect("\"")
    let start = position
    var isEscaped = false
    // Pictures are long strings: the position stays in a register.
    var index = start
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\"") {
        position = index + 1
        return JSONText(UnsafeRawBufferPointer(rebasing: bytes[start..<index]), isEscaped: isEscaped)
      }
      guard byte >= 0x20 else {
        position = index
        throw failure("a control character in a string")
      }
      if byte == UInt8(ascii: "\\") {
        isEscaped = true
        index += 1
      }
      index += 1
    }
    position = bytes.count
    throw failure("a string without end")
  }

  /// The characters of a number.
  package mutating func number() throws(JSONSyntaxError) -> UnsafeRawBufferPointer {
    _ = peek()
    let start = position
    _ = takeByte("-")
    if !takeByte("0") { try digits() }
    if takeByte(".") { try digits() }
    if takeByte("e") || takeByte("E") {
      _ = takeByte("+") || takeByte("-")
      try digits()
    }
    return UnsafeRawBufferPointer(rebasing: bytes[start..<position])
  }

  private mutating func digits() throws(JSONSyntaxError) {
    let start = position
    while position < bytes.count, bytes[position] >= 0x30, bytes[position] <= 0x39 { position += 1 }
    guard position > start else { throw failure("a number expected") }
  }

  private mutating func takeByte(_ character: Unicode.Scalar) -> Bool {
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  /// `true`, `false` or `null`.
  package mutating func literal(_ literal: StaticString) throws(JSONSyntaxError) {
    _ = peek()
    let count = literal.utf8CodeUnitCount
    guard position + count <= bytes.count,
      bytes[position..<position + count].elementsEqual(UnsafeBufferPointer(start: literal.utf8Start, count: count))
    else { throw failure("\(literal) expected") }
    position += count
  }
}
