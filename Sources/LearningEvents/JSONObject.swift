/// One object of a document, read by name; errors name the path, never a value.
struct JSONObject {
  private let bytes: UnsafeRawBufferPointer
  private let members: [String: JSONValue]
  private let path: String

  static let timeRule = "not an RFC 3339 time of the years 1970–9999"

  init(bytes: UnsafeRawBufferPointer, members: [String: JSONValue], path: String) {
    (self.bytes, self.members, self.path) = (bytes, members, path)
  }

  /// True if the member is there and not null.
  func has(_ name: String) -> Bool {
    switch members[name] {
    case nil, .null: false
    default: true
    }
  }

  /// A text as an id or a title: `limitBytes` of UTF-8 at most, not empty, no control characters.
  func text(_ name: String, limitBytes: Int = EventText.idLimitBytes) throws(EventError) -> String {
    try withStringBytes(name) { (text) throws(EventError) in
      try EventText.text(text, limitBytes: limitBytes, place(name))
    }
  }

  /// A text's UTF-8.
  func bytes(_ name: String) throws(EventError) -> [UInt8] {
    try withStringBytes(name) { (text) throws(EventError) in Array(text) }
  }

  /// Lends a text's UTF-8, in place unless it holds escapes.
  func withStringBytes<Result>(
    _ name: String, _ body: (UnsafeRawBufferPointer) throws(EventError) -> Result
  ) throws(EventError) -> Result {
    guard case .string(let range, let isEscaped) = try value(name) else {
      throw EventError(place(name), "not a string")
    }
    let raw = UnsafeRawBufferPointer(rebasing: bytes[range])
    guard isEscaped else { return try body(raw) }
    guard let plain = JSONText.unescape(raw) else { throw EventError(place(name), "has a malformed escape") }
    let outcome: Swift.Result<Result, EventError> = plain.withUnsafeBytes { text in
      do throws(EventError) { return .success(try body(text)) } catch { return .failure(error) }
    }
    return try outcome.get()
  }

  /// A time as RFC 3339.
  func time(_ name: String) throws(EventError) -> EventTime {
    try withStringBytes(name) { (text) throws(EventError) in
      guard let time = EventTime(rfc3339: text) else { throw EventError(place(name), Self.timeRule) }
      return time
    }
  }

  /// An integer as a JSON number without fraction or exponent, or as a string of digits (CloudEvents' own `sequence` is one).
  func integer(_ name: String, in range: ClosedRange<Int64>) throws(EventError) -> Int64 {
    let digits: [UInt8]
    switch try value(name) {
    case .number(let range): digits = Array(bytes[range])
    case .string: digits = try bytes(name)
    default: digits = []
    }
    guard let value = digits.withUnsafeBytes(DecimalInteger.parse), range.contains(value) else {
      throw EventError(place(name), "not an integer of \(range.lowerBound)…\(range.upperBound)")
    }
    return value
  }

  func bool(_ name: String) throws(EventError) -> Bool {
    guard case .bool(let value) = try value(name) else { throw EventError(place(name), "not true or false") }
    return value
  }

  func object(_ name: String) throws(EventError) -> JSONObject {
    guard case .object(let members) = try value(name) else { throw EventError(place(name), "not an object") }
    return JSONObject(bytes: bytes, members: members, path: place(name))
  }

  /// An array of objects; empty if the member is absent.
  func objects(_ name: String, limit: Int) throws(EventError) -> [JSONObject] {
    try Self.objects(elements(name, limit: limit), bytes: bytes, path: place(name))
  }

  static func objects(
    _ elements: [JSONValue], bytes: UnsafeRawBufferPointer, path: String
  ) throws(EventError) -> [JSONObject] {
    var objects: [JSONObject] = []
    for (index, element) in elements.enumerated() {
      guard case .object(let members) = element else { throw EventError("\(path)[\(index)]", "not an object") }
      objects.append(JSONObject(bytes: bytes, members: members, path: "\(path)[\(index)]"))
    }
    return objects
  }

  /// An array of ids; empty if the member is absent.
  func texts(_ name: String, limit: Int) throws(EventError) -> [String] {
    var texts: [String] = []
    for (index, element) in try elements(name, limit: limit).enumerated() {
      let one = JSONObject(bytes: bytes, members: ["": element], path: "\(place(name))[\(index)]")
      texts.append(try one.text(""))
    }
    return texts
  }

  /// Where a member stands, for errors: `data.segments[3].title`.
  func place(_ name: String) -> String {
    if path.isEmpty { return name }
    return name.isEmpty ? path : "\(path).\(name)"
  }

  private func value(_ name: String) throws(EventError) -> JSONValue {
    guard let value = members[name] else { throw EventError(place(name), "missing") }
    return value
  }

  private func elements(_ name: String, limit: Int) throws(EventError) -> [JSONValue] {
    guard has(name) else { return [] }
    guard case .array(let elements) = try value(name) else { throw EventError(place(name), "not an array") }
    guard elements.count <= limit else { throw EventError(place(name), "more than \(limit) entries") }
    return elements
  }
}
