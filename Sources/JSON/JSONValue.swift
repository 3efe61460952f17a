/// A parsed JSON value. Numbers and strings are lent, and read when asked for, so that a megabyte of base64 is not
/// copied on the way.
package enum JSONValue {
  case null
  case bool(Bool)
  /// The number's characters.
  case number(UnsafeRawBufferPointer)
  case string(JSONText)
  case array([JSONValue])
  /// In their order, each name once.
  case object([(name: JSONName, value: JSONValue)])
}

extension JSONReader {
  /// The next value whole.
  ///
  /// - Parameters:
  ///   - depth: how many objects and arrays are around it.
  ///   - count: how many values there were, counted on.
  ///   - limit: how many there may be.
  mutating func value(depth: Int, count: inout Int, limit: Int) throws(JSONSyntaxError) -> JSONValue {
    count += 1
    guard count <= limit else { throw .tooManyValues(limit: limit) }
    switch peek() {
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      guard depth < JSONDocument.depthLimit else { throw .tooDeep(limit: JSONDocument.depthLimit) }
      return try take("{")
        ? object(depth: depth + 1, count: &count, limit: limit) : array(depth: depth + 1, count: &count, limit: limit)
    case UInt8(ascii: "\""): return .string(try text())
    case UInt8(ascii: "t"):
      try literal("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try literal("false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try literal("null")
      return .null
    default: return .number(try number())
    }
  }

  private mutating func object(depth: Int, count: inout Int, limit: Int) throws(JSONSyntaxError) -> JSONValue {
    var members = Members()
    var values: [(name: JSONName, value: JSONValue)] = []
    while let name = try name(in: &members) {
      values.append((name, try value(depth: depth, count: &count, limit: limit)))
    }
    return .object(values)
  }

  private mutating func array(depth: Int, count: inout Int, limit: Int) throws(JSONSyntaxError) -> JSONValue {
    try expect("[")
    var members = Members()
    var values: [JSONValue] = []
    while try hasElement(in: &members) { values.append(try value(depth: depth, count: &count, limit: limit)) }
    return .array(values)
  }
}
