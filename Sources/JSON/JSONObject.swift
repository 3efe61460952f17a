/// One object of a document, read by name; errors name the path, never a value.
package struct JSONObject {
  private let members: [(name: JSONName, value: JSONValue)]
  private let path: String

  init(members: [(name: JSONName, value: JSONValue)], path: String) { (self.members, self.path) = (members, path) }

  /// The members' names, in their order.
  package var names: [String] { members.map(\.name.text) }

  /// True if the member is there and not null.
  package func has(_ name: String) -> Bool {
    switch member(name) {
    case nil, .null: false
    default: true
    }
  }

  /// A text's UTF-8.
  package func bytes(_ name: String) throws(JSONError) -> [UInt8] {
    try withStringBytes(name) { (text) throws(JSONError) in Array(text) }
  }

  /// Lends a text's UTF-8, in place unless it holds escapes.
  package func withStringBytes<Result>(
    _ name: String, _ body: (UnsafeRawBufferPointer) throws(JSONError) -> Result
  ) throws(JSONError) -> Result {
    guard case .string(let text) = try value(name) else { throw JSONError(place(name), "not a string") }
    guard text.isEscaped else { return try body(text.raw) }
    guard let plain = try? text.unescaped() else { throw JSONError(place(name), "has a malformed escape") }
    return try plain.withUnsafeBufferPointer { (text) throws(JSONError) in try body(UnsafeRawBufferPointer(text)) }
  }

  package func bool(_ name: String) throws(JSONError) -> Bool {
    guard case .bool(let value) = try value(name) else { throw JSONError(place(name), "not true or false") }
    return value
  }

  package func object(_ name: String) throws(JSONError) -> JSONObject {
    guard case .object(let members) = try value(name) else { throw JSONError(place(name), "not an object") }
    return JSONObject(members: members, path: place(name))
  }

  /// An array of objects; empty if the member is absent.
  package func objects(_ name: String, limit: Int) throws(JSONError) -> [JSONObject] {
    try Self.objects(values(name, limit: limit), path: place(name))
  }

  static func objects(_ elements: [JSONValue], path: String) throws(JSONError) -> [JSONObject] {
    var objects: [JSONObject] = []
    for (index, element) in elements.enumerated() {
      guard case .object(let members) = element else { throw JSONError("\(path)[\(index)]", "not an object") }
      objects.append(JSONObject(members: members, path: "\(path)[\(index)]"))
    }
    return objects
  }

  /// An array's elements, each as an object whose only member has the empty name; none if the member is absent.
  package func elements(_ name: String, limit: Int) throws(JSONError) -> [JSONObject] {
    try values(name, limit: limit).enumerated().map { index, element in
      JSONObject(members: [(JSONName(""), element)], path: "\(place(name))[\(index)]")
    }
  }

  /// Where a member stands, for errors: `data.segments[3].title`.
  package func place(_ name: String) -> String {
    if path.isEmpty { return name }
    return name.isEmpty ? path : "\(path).\(name)"
  }

  /// The member, which must be there.
  package func value(_ name: String) throws(JSONError) -> JSONValue {
    guard let value = member(name) else {
      let near = members.first { NearName.areNear($0.name.text.utf8, name.utf8) }
      throw JSONError(place(name), near.map { NearName.missing(near: $0.name.text) } ?? "missing")
    }
    return value
  }

  private func member(_ name: String) -> JSONValue? {
    let name = JSONName(name)
    return members.first { $0.name == name }?.value
  }

  private func values(_ name: String, limit: Int) throws(JSONError) -> [JSONValue] {
    guard has(name) else { return [] }
    guard case .array(let elements) = try value(name) else { throw JSONError(place(name), "not an array") }
    guard elements.count <= limit else { throw JSONError(place(name), "more than \(limit) entries") }
    return elements
  }
}
