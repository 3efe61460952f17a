/// Collects the statements of a closure into the children of an element.
@resultBuilder
package enum MarkupBuilder {
  package static func buildExpression(_ markup: Markup) -> [Markup] { [markup] }
  package static func buildExpression(_ markup: [Markup]) -> [Markup] { markup }
  package static func buildExpression(_ text: String) -> [Markup] { [.text(text)] }
  package static func buildBlock(_ parts: [Markup]...) -> [Markup] { Array(parts.joined()) }
  package static func buildOptional(_ part: [Markup]?) -> [Markup] { part ?? [] }
  package static func buildEither(first part: [Markup]) -> [Markup] { part }
  package static func buildEither(second part: [Markup]) -> [Markup] { part }
  package static func buildArray(_ parts: [[Markup]]) -> [Markup] { Array(parts.joined()) }
}

/// An element of HTML or SVG with its attributes and what the closure lists.
package func tag(
  _ name: StaticString, _ attributes: Attribute..., @MarkupBuilder content: () -> [Markup] = { [] }
) -> Markup {
  .element(name, attributes, content())
}

/// An element that holds one piece of text.
package func tag(_ name: StaticString, _ attributes: Attribute..., text: String) -> Markup {
  .element(name, attributes, [.text(text)])
}
