import Testing
import Vision

@Suite("Drawing on a canvas")
struct CanvasTests {
  private static let black = Colour(0, 0, 0)
  private static let white = Colour(255, 255, 255)

  private func level(_ image: RGBImage, _ x: Int, _ y: Int) -> [UInt8] {
    Array(image.pixels[3 * (y * image.width + x)..<3 * (y * image.width + x) + 3])
  }

  @Test("a rectangle covers its pixels and no other, cut at the edges")
  func rectangles() {
    var canvas = Canvas(width: 10, height: 6, background: Self.white)
    canvas.fill(PixelRect(x: 2, y: 1, width: 3, height: 2), Colour(10, 20, 30))
    canvas.fill(PixelRect(x: 8, y: -5, width: 100, height: 7), Self.black)
    canvas.fill(PixelRect(x: 4, y: 4, width: -3, height: 1), Self.black)
    let image = canvas.image
    for y in 0..<6 {
      for x in 0..<10 {
        let expected: [UInt8] =
          (2..<5).contains(x) && (1..<3).contains(y) ? [10, 20, 30] : x >= 8 && y < 2 ? [0, 0, 0] : [255, 255, 255]
        #expect(level(image, x, y) == expected, "(\(x), \(y))")
      }
    }
  }

  @Test("half opacity is half of each")
  func opacity() {
    var canvas = Canvas(width: 1, height: 1, background: Colour(0, 100, 200))
    canvas.fill(PixelRect(x: 0, y: 0, width: 1, height: 1), Colour(255, 200, 0, opacity: 51))
    #expect(level(canvas.image, 0, 0) == [51, 120, 160])
    #expect(Colour(1, 2, 3).faded(0.2).opacity == 51)
    #expect(Colour(1, 2, 3).faded(7).opacity == 255)
  }

  @Test("an outline leaves its inside alone, however small it is")
  func outlines() {
    for (width, height) in [(1, 1), (2, 5), (5, 5), (0, 3)] {
      var canvas = Canvas(width: 9, height: 9, background: Self.white)
      canvas.outline(PixelRect(x: 2, y: 2, width: width, height: height), thickness: 2, Self.black)
      let dark = (0..<81).count { level(canvas.image, $0 % 9, $0 / 9) == [0, 0, 0] }
      #expect(dark == width * height - max(0, width - 4) * max(0, height - 4), "\(width)×\(height)")
    }
  }

  @Test("a stroke is as dark as it is wide, and round shapes have their area")
  func strokes() {
    func darkness(_ draw: (inout Canvas) -> Void) -> Double {
      var canvas = Canvas(width: 60, height: 60, background: Self.white)
      draw(&canvas)
      return Double(canvas.image.pixels.reduce(0) { $0 + 255 - Int($1) }) / 765
    }
    let disc = darkness { $0.disc(at: Point(30.3, 29.8), radius: 10, Self.black) }
    #expect(abs(disc - .pi * 100) < 2)
    let ring = darkness { $0.circle(at: Point(30, 30), radius: 12, thickness: 2, Self.black) }
    #expect(abs(ring - 2 * .pi * 12 * 2) < 3)
    let line = darkness { $0.line(from: Point(10, 10), to: Point(40, 50), thickness: 3, Self.black) }
    #expect(abs(line - (50 * 3 + .pi * 2.25)) < 3)
  }

  @Test("what lies outside or is no number draws nothing and harms nothing")
  func nonsense() {
    let numbers: [Double] = [.nan, .infinity, -.infinity, 1e300, -1e300]
    var canvas = Canvas(width: 8, height: 8, background: Self.white)
    for x in numbers {
      canvas.disc(at: Point(x, 4), radius: 2, Self.black)
      canvas.circle(at: Point(4, x), radius: 2, thickness: 1, Self.black)
    }
    canvas.draw(GrayImage(width: 3, height: 3, repeating: 0), in: PixelRect(x: 6, y: 0, width: 4, height: 4))
    canvas.line(from: Point(-50, -50), to: Point(-20, 90), thickness: 3, Self.black)
    #expect(canvas.image == Canvas(width: 8, height: 8, background: Self.white).image)
    for number in numbers {
      canvas.disc(at: Point(4, 4), radius: number, Self.black)
      canvas.line(from: Point(number, number), to: Point(4, 4), thickness: 1, Self.black)
    }
  }

  @Test("text stands on its line, cut at the edges")
  func text() {
    // A letter of 2×2 pixels on the third row, with a margin of one column.
    let rows: [[UInt8]] = [[0, 0, 0, 0], [0, 255, 255, 0], [0, 255, 255, 0], [0, 0, 0, 0]]
    let coverage = GrayImage(width: 4, height: 4, pixels: rows.flatMap { $0 })
    let mask = TextMask(coverage: coverage, baseline: 3, margin: 1)
    #expect(mask.advance == 2)
    var canvas = Canvas(width: 5, height: 5, background: Self.white)
    canvas.draw(mask, x: 4, y: 5, Self.black)
    #expect((0..<25).filter { level(canvas.image, $0 % 5, $0 / 5) == [0, 0, 0] } == [19, 24])
  }
}
