/// A piece of an HTML or SVG document: an element, text, or a constant.
///
/// Documents escape by construction. Text and attribute values are escaped when the tree is rendered; element and
/// attribute names are `StaticString`, so no value from outside can become markup. The one way around it is
/// ``raw(_:)``, which takes a `StaticString` too: only a literal in this program's source can be emitted unescaped.
package indirect enum Markup: Sendable {
  case element(Element)
  case text(String)
  case constant(StaticString)
  case fragment([Markup])

  /// One element: its name, attributes in order, and children.
  package struct Element: Sendable {
    package var name: StaticString
    package var attributes: [Attribute]
    package var children: [Markup]
    /// A void element (`<br>`, `<meta>`) has neither children nor an end tag.
    package var isVoid: Bool
  }

  /// Markup that is a literal of this program, emitted as it stands: a stylesheet, an entity, a doctype.
  package static func raw(_ constant: StaticString) -> Markup { .constant(constant) }

  /// Nothing at all; renders to the empty string.
  package static var empty: Markup { .fragment([]) }

  /// An element of any name; prefer the named functions where one exists.
  package static func element(
    _ name: StaticString, _ attributes: [Attribute] = [], _ children: [Markup] = []
  ) -> Markup {
    .element(Element(name: name, attributes: attributes, children: children, isVoid: false))
  }

  /// A void element of any name.
  package static func void(_ name: StaticString, _ attributes: [Attribute] = []) -> Markup {
    .element(Element(name: name, attributes: attributes, children: [], isVoid: true))
  }
}

extension Markup: ExpressibleByStringLiteral {
  /// A literal is text, and is escaped like any other text.
  package init(stringLiteral value: String) { self = .text(value) }
}

extension Markup {
  /// The document as a string, with nothing added between the pieces.
  package func rendered() -> String {
    var output = ""
    write(to: &output)
    return output
  }

  /// Appends the rendered form to `output`.
  package func write(to output: inout String) {
    switch self {
    case .text(let text): Escaping.append(text, to: &output)
    case .constant(let constant): output.append(constant.description)
    case .fragment(let children): for child in children { child.write(to: &output) }
    case .element(let element): element.write(to: &output)
    }
  }
}

extension Markup.Element {
  fileprivate func write(to output: inout String) {
    output.append("<")
    output.append(name.description)
    for attribute in attributes { attribute.write(to: &output) }
    output.append(">")
    if isVoid { return }
    for child in children { child.write(to: &output) }
    output.append("</")
    output.append(name.description)
    output.append(">")
  }
}
