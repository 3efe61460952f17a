import OpenCV
import Testing
import Vision

@Suite("Text")
struct HersheyTextTests {
  @Test("all lines of one height stand alike, and letters lie between the margins above the baseline")
  func lines() throws {
    let text = HersheyText()
    let (short, long) = (
      try text.mask(of: "H", capHeight: 20, isBold: false),
      try text.mask(of: "HHHH happy 61.3 %", capHeight: 20, isBold: false)
    )
    #expect(short.coverage.height == long.coverage.height && short.baseline == long.baseline)
    #expect(long.advance > 8 * short.advance)
    let coverage = short.coverage
    let inked = (0..<coverage.height).filter { y in (0..<coverage.width).contains { coverage[$0, y] > 127 } }
    #expect(abs(inked.first! - (short.baseline - 20)) <= 2)
    #expect(abs(inked.last! - short.baseline) <= 2)
  }

  @Test("bold is darker; the empty line is empty")
  func weight() throws {
    func ink(_ line: String, _ bold: Bool) throws -> Int {
      try HersheyText().mask(of: line, capHeight: 14, isBold: bold).coverage.pixels.reduce(0) { $0 + Int($1) }
    }
    #expect(try ink("tired", true) > ink("tired", false))
    #expect(try ink("", false) == 0)
  }

  @Test("what the font has no letter for becomes a question mark, and long lines are cut")
  func foreign() throws {
    let text = HersheyText()
    let marks = try text.mask(of: "???", capHeight: 12, isBold: false)
    for line in ["é\u{1B}ß", "\u{0}\u{9B}\u{202E}", "??\u{7F}"] {
      #expect(try text.mask(of: line, capHeight: 12, isBold: false) == marks)
    }
    let longest = try text.mask(of: String(repeating: "m", count: 5000), capHeight: 6, isBold: false)
    #expect(longest == (try text.mask(of: String(repeating: "m", count: 512), capHeight: 6, isBold: false)))
  }

  @Test("a height out of range is an error")
  func range() {
    for height in [0, 5, 201, Int.max, .min] {
      #expect(throws: OpenCVError.self) { try HersheyText().mask(of: "x", capHeight: height, isBold: false) }
    }
  }
}
