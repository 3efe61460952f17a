import Foundation

/// A JSON value of a test's document, as what it is: numbers stay whole or not, null stays null.
indirect enum JSONTree: Codable, Sendable, Hashable {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case text(String)
  case array([JSONTree])
  case object([String: JSONTree])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int64.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .text(value)
    } else if let value = try? container.decode([JSONTree].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONTree].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }

  var members: [String: JSONTree] {
    guard case .object(let members) = self else { return [:] }
    return members
  }

  var elements: [JSONTree] {
    guard case .array(let elements) = self else { return [] }
    return elements
  }

  var string: String? {
    guard case .text(let text) = self else { return nil }
    return text
  }

  subscript(name: String) -> JSONTree? { members[name] }

  /// The value at a JSON pointer (RFC 6901), nil if there is none.
  func value(at pointer: String) -> JSONTree? {
    var value = self
    for part in pointer.split(separator: "/") {
      let name = String(part.replacing("~1", with: "/").replacing("~0", with: "~"))
      guard let next = value[name] else { return nil }
      value = next
    }
    return value
  }

  /// This value with a change as RFC 7396 has it, but for `{"$null": true}`, a null that stays.
  func merged(with change: JSONTree) -> JSONTree {
    guard case .object(let changes) = change else { return change }
    if changes == ["$null": .bool(true)] { return .null }
    var result = members
    for (name, value) in changes {
      result[name] = value == .null ? nil : (result[name] ?? .null).merged(with: value)
    }
    return .object(result)
  }

  var data: Data { get throws { try JSONEncoder().encode(self) } }
}

/// The folder `docs/events`, also where the tests are built through a link to it.
enum EventDocuments {
  static let folder = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    .appending(path: "../../docs/events").standardizedFileURL

  static func tree(_ name: String) throws -> JSONTree {
    try JSONDecoder().decode(JSONTree.self, from: Data(contentsOf: folder.appending(path: name)))
  }
}
