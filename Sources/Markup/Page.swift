/// A whole HTML document.
package enum Page {
  /// Where the page's styles come from.
  package enum Styles: Sendable {
    /// Inside the page, so that the file stands alone. Stylesheets are literals of this program.
    case inline([StaticString])
    /// From the server, so that its content security policy need not allow inline styles.
    case linked(Link)
  }

  /// The document with its doctype. Deterministic: the same arguments give the same bytes.
  package static func rendered(
    title: String, styles: Styles, @MarkupBuilder content: () -> [Markup]
  ) -> String {
    let document = tag("html", Attribute("lang", "en")) {
      tag("head") {
        Markup.void("meta", [Attribute("charset", "utf-8")])
        Markup.void(
          "meta", [Attribute("name", "viewport"), Attribute("content", "width=device-width, initial-scale=1")])
        Markup.void("meta", [Attribute("name", "color-scheme"), Attribute("content", "light dark")])
        Markup.void("meta", [Attribute("name", "robots"), Attribute("content", "noindex")])
        tag("title", text: Escaping.singleLine(title))
        switch styles {
        case .inline(let sheets): Markup.element("style", [], sheets.map { .raw($0) })
        case .linked(let link): Markup.void("link", [Attribute("rel", "stylesheet"), .href(link)])
        }
      }
      tag("body") { content() }
    }
    return "<!DOCTYPE html>\n" + document.rendered() + "\n"
  }
}
