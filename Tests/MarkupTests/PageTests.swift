import Markup
import Testing

@Suite struct PageTests {
  @Test func aStandaloneFileHoldsItsStylesAndNothingElsewhere() {
    let page = Page.rendered(title: "A <b> title", styles: .inline(Theme.all)) { tag("p", text: "x") }
    #expect(page.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"))
    #expect(page.contains("<title>A &lt;b&gt; title</title><style>:root{"))
    #expect(page.hasSuffix("<body><p>x</p></body></html>\n"))
    for outside in ["http:", "https:", "url(", "@import", "<script", " style="] {
      #expect(!page.contains(outside), "\(outside)")
    }
  }

  @Test func aServedPageLinksItsStyles() {
    let page = Page.rendered(title: "t", styles: .linked(.path(["style.css"]))) { "x" }
    #expect(page.contains("<link rel=\"stylesheet\" href=\"/style.css\">"))
    #expect(!page.contains("<style"))
  }

  @Test func builderStatementsBecomeChildren() {
    let some = true
    let none: String? = nil
    let made = tag("ul") {
      for number in 1...2 { tag("li", text: "\(number)") }
      if some { tag("li", text: "yes") } else { tag("li", text: "no") }
      if let none { tag("li", text: none) }
    }
    #expect(made.rendered() == "<ul><li>1</li><li>2</li><li>yes</li></ul>")
    #expect(Markup.void("br").rendered() == "<br>")
  }
}
