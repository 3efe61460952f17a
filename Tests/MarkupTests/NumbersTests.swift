import Markup
import Testing

@Suite struct NumbersTests {
  @Test(arguments: [
    (0.0, "0"), (-0.001, "0"), (1.0, "1"), (1.125, "1.13"), (-1.5, "-1.5"), (0.04, "0.04"), (1e300, "1000000000000"),
    (.nan, "0"), (.infinity, "0"), (12.3, "12.3"), (100, "100"),
  ])
  func coordinatesAreShort(_ value: Double, _ text: String) { #expect(Decimal2.string(value) == text) }

  @Test func fixedDecimals() {
    #expect(Decimal2.fixed(0.5, decimals: 0) == "1")
    #expect(Decimal2.fixed(-0.5, decimals: 0) == "-1")
    #expect(Decimal2.fixed(-0.4, decimals: 0) == "0")
    #expect(Decimal2.fixed(2.05, decimals: 3) == "2.050")
  }

  @Test func signsAreThoseOfPrint() {
    #expect(Decimal2.shown(-2.4, decimals: 0, isSigned: false) == "−2")
    #expect(Decimal2.shown(4, decimals: 0, isSigned: false) == "4")
    #expect([4, 0.2, -0.2, -4].map { Decimal2.shown($0, decimals: 0, isSigned: true) } == ["+4", "0", "0", "−4"])
  }

  @Test(arguments: [(0.0, 100.0, 8), (-3, 7, 8), (0.013, 0.021, 4), (5, 5, 5), (0, 0, 4), (-120, 4310, 6)])
  func ticksAreRoundAndCover(_ low: Double, _ high: Double, _ most: Int) throws {
    let ticks = AxisTicks(covering: low, high, most: most)
    #expect(ticks.domain.lowerBound <= low + 1e-9 && ticks.domain.upperBound >= high - 1e-9)
    #expect(ticks.positions.count >= 2 && ticks.positions.count <= most + 1)
    let step = ticks.positions[1] - ticks.positions[0]
    let digit = try #require(Decimal2.fixed(step, decimals: 6).first { ("1"..."9").contains($0) })
    #expect("125".contains(digit))
    let texts = ticks.positions.map { Decimal2.fixed($0, decimals: ticks.decimals) }
    #expect(Set(texts).count == texts.count, "neighbours must differ in print: \(texts)")
  }

  @Test func ticksOfPercent() {
    #expect(AxisTicks(covering: 0, 100, most: 5).positions == [0, 20, 40, 60, 80, 100])
    #expect(AxisTicks(covering: 100, 0, most: 2).positions == [0, 50, 100])
  }

  @Test func textIsCutToItsRoom() {
    let title = "A very long title of a segment about differential equations"
    let cut = TextFit.truncated(title, width: 120, fontSize: 13)
    #expect(cut.hasSuffix("…") && cut.count > 8 && TextFit.width(cut, fontSize: 13) <= 120)
    #expect(TextFit.truncated("Short", width: 120, fontSize: 13) == "Short")
    #expect(TextFit.truncated("日本語日本語日本語日本語", width: 60, fontSize: 13).count < 5)
    #expect(TextFit.truncated("abc", width: 1, fontSize: 13) == "…")
  }
}
