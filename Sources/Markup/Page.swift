/// A whole HTML document.
package struct Page: Sendable {
  /// Where the page's styles come from.
  package enum Styles: Sendable {
    /// Inside the page, so that the file stands alone. Stylesheets are literals of this program.
    case inline([StaticString])
    /// From the server, so that its content security policy need not allow inline styles.
    case linked(Link)
  }

  package var title: String
  package var language: StaticString
  package var styles: Styles
  package var content: [Markup]

  package init(
    title: String, language: StaticString = "en", styles: Styles, @MarkupBuilder content: () -> [Markup]
  ) {
    self.title = title
    self.language = language
    self.styles = styles
    self.content = content()
  }

  /// The document with its doctype. Deterministic: the same value gives the same bytes.
  package func rendered() -> String {
    let document = tag("html", Attribute("lang", language.description)) {
      tag("head") {
        Markup.void("meta", [Attribute("charset", "utf-8")])
        Markup.void(
          "meta", [Attribute("name", "viewport"), Attribute("content", "width=device-width, initial-scale=1")])
        Markup.void("meta", [Attribute("name", "color-scheme"), Attribute("content", "light dark")])
        Markup.void("meta", [Attribute("name", "robots"), Attribute("content", "noindex")])
        tag("title", text: Escaping.singleLine(title))
        switch styles {
        case .inline(let sheets): Markup.element("style", [], sheets.map { .raw($0) })
        case .linked(let link): Markup.void("link", Attribute.stylesheet(link))
        }
      }
      tag("body") { content }
    }
    return "<!DOCTYPE html>\n" + document.rendered() + "\n"
  }
}
