import Foundation

/// One attribute of an element. The name is a literal of this program, the value is escaped.
///
/// Attributes whose value a browser runs or fetches cannot be made from plain text: event handlers (`on…`) and
/// `style` trap, and links go through ``href(_:)`` with a ``Link``. The pages' content security policy forbids inline
/// styles and scripts as well.
package struct Attribute: Sendable {
  let name: StaticString
  let value: String

  private init(trusted name: StaticString, _ value: String) {
    self.name = name
    self.value = value
  }

  /// An attribute of any harmless name.
  package init(_ name: StaticString, _ value: String) {
    let spelled = name.description.lowercased()
    precondition(
      !spelled.hasPrefix("on")
        && !["style", "href", "xlink:href", "src", "srcdoc", "action", "formaction"].contains(spelled),
      "this attribute runs or fetches its value")
    self.init(trusted: name, value)
  }

  /// An attribute with a number, written without exponent and with at most two decimals.
  package init(_ name: StaticString, _ value: Double) { self.init(name, Decimal2.string(value)) }

  package static func `class`(_ names: StaticString) -> Attribute { .init(trusted: "class", names.description) }
  package static func id(_ value: String) -> Attribute { .init(trusted: "id", value) }
  package static func href(_ link: Link) -> Attribute { .init(trusted: "href", link.value) }

  func write(to output: inout String) {
    output.append(" \(name)=\"")
    Escaping.append(value, to: &output)
    output.append("\"")
  }
}

/// Where a link leads: a path of this server, or a constant address.
package struct Link: Sendable {
  let value: String

  /// A path of this server from its segments, each percent-encoded: `["courses", "7"]` is `/courses/7`. A segment of
  /// dots alone is encoded too, so that it stays a name.
  package static func path(_ segments: [String]) -> Link {
    Link(value: "/" + segments.map(encoded).joined(separator: "/"))
  }

  /// An address that is a literal of this program.
  package static func constant(_ address: StaticString) -> Link { Link(value: address.description) }

  private static func encoded(_ segment: String) -> String {
    if segment == "." { return "%2E" }
    if segment == ".." { return "%2E%2E" }
    return segment.addingPercentEncoding(withAllowedCharacters: unreserved)!
  }

  /// RFC 3986, section 2.3.
  private static let unreserved = CharacterSet(
    charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
}
