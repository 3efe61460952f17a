import Markup
import Testing

@Suite struct EscapingTests {
  @Test func textAndAttributesCannotLeaveTheirPlace() {
    let hostile = "</p><script>alert('x')</script>\" onload=\"y & z"
    let rendered = tag("p", Attribute("title", hostile), text: hostile).rendered()
    #expect(rendered.count(where: { $0 == "<" }) == 2)
    #expect(rendered.count(where: { $0 == "\"" }) == 2)
    #expect(rendered.hasPrefix("<p title=\"&lt;/p&gt;&lt;script&gt;alert(&#39;x&#39;)"))
  }

  @Test(arguments: ["\u{0}", "\u{8}", "\u{7F}", "\u{85}", "\u{FFFE}", "\u{1FFFF}"])
  func forbiddenCharactersAreReplaced(_ character: String) {
    #expect(Markup.text("a\(character)b").rendered() == "a\u{FFFD}b")
  }

  @Test func everyPrintableCharacterSurvives() {
    #expect(Markup.text("Größe 日本語 👩🏽‍🏫\t\n").rendered() == "Größe 日本語 👩🏽‍🏫\t\n")
  }

  @Test func aSingleLineHasNoBreaksAndNoReordering() {
    #expect(Escaping.singleLine("  a\r\n\tb\u{202E}c\u{2067}d\u{0} e  ") == "a bcd e")
    #expect(Escaping.singleLine("\u{202E}\n") == "")
  }

  @Test func pathsEncodeEverySegment() {
    let link = tag("a", .href(.path(["courses", "a/b\"?#%", "..", "é"])), text: "x").rendered()
    #expect(link == "<a href=\"/courses/a%2Fb%22%3F%23%25/%2E%2E/%C3%A9\">x</a>")
  }

  @Test func onlyConstantsAreRaw() {
    #expect(Markup.fragment([.raw("<b>"), .text("<b>"), "<i>"]).rendered() == "<b>&lt;b&gt;&lt;i&gt;")
  }

  @Test func attributesThatRunTheirValueTrap() async {
    await #expect(processExitsWith: .failure) { _ = Attribute("onclick", "x") }
    await #expect(processExitsWith: .failure) { _ = Attribute("STYLE", "x") }
    await #expect(processExitsWith: .failure) { _ = Attribute("href", "javascript:x") }
  }
}
