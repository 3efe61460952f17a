/// A piece of an HTML or SVG document: an element, text, or a constant.
///
/// Documents escape by construction. Text and attribute values are escaped when the tree is rendered; element and
/// attribute names are `StaticString`, so no value from outside can become markup. The one way around it is
/// ``raw(_:)``, which takes a `StaticString` too: only a literal in this program's source can be emitted unescaped.
package indirect enum Markup: Sendable {
  /// An element of any name, its attributes in order.
  case element(StaticString, [Attribute], [Markup])
  /// An element that has neither children nor an end tag (`<br>`, `<meta>`).
  case void(StaticString, [Attribute] = [])
  case text(String)
  /// A literal of this program, emitted as it stands: a stylesheet, an entity, a doctype.
  case raw(StaticString)
  case fragment([Markup])

  /// Nothing at all; renders to the empty string.
  package static var empty: Markup { .fragment([]) }

  /// The document as a string, with nothing added between the pieces.
  package func rendered() -> String {
    var output = ""
    write(to: &output)
    return output
  }

  private func write(to output: inout String) {
    switch self {
    case .text(let text): Escaping.append(text, to: &output)
    case .raw(let constant): output.append(constant.description)
    case .fragment(let children): for child in children { child.write(to: &output) }
    case .void(let name, let attributes): Self.open(name, attributes, &output)
    case .element(let name, let attributes, let children):
      Self.open(name, attributes, &output)
      for child in children { child.write(to: &output) }
      output.append("</\(name)>")
    }
  }

  private static func open(_ name: StaticString, _ attributes: [Attribute], _ output: inout String) {
    output.append("<\(name)")
    for attribute in attributes { attribute.write(to: &output) }
    output.append(">")
  }
}

extension Markup: ExpressibleByStringLiteral {
  /// A literal is text, and is escaped like any other text.
  package init(stringLiteral value: String) { self = .text(value) }
}
