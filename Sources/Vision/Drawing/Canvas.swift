/// An RGB picture to draw on with smooth edges: strokes, discs, rectangles, pictures and text masks.
///
/// Coordinates are pixels, origin at the top left corner of the top left pixel, whose centre is (½, ½). Whatever lies
/// outside is cut off, so no coordinate is too far; one that is no number draws nothing.
package struct Canvas: Sendable {
  package let width: Int
  package let height: Int
  /// Interleaved red, green, blue.
  private var pixels: [UInt8]

  /// - Parameters:
  ///   - width: 1…16,384.
  ///   - height: 1…16,384.
  package init(width: Int, height: Int, background: Colour) {
    precondition((1...16_384).contains(width) && (1...16_384).contains(height), "not a canvas's size")
    self.width = width
    self.height = height
    pixels = [UInt8](repeating: 0, count: 3 * width * height)
    for index in 0..<width * height {
      pixels[3 * index] = background.red
      pixels[3 * index + 1] = background.green
      pixels[3 * index + 2] = background.blue
    }
  }

  package var image: RGBImage { RGBImage(width: width, height: height, pixels: pixels) }

  // MARK: Shapes

  /// A filled rectangle on whole pixels.
  package mutating func fill(_ rect: PixelRect, _ colour: Colour) {
    guard let area = clipped(rect) else { return }
    for y in area.rows { for x in area.columns { blend(x, y, colour, 255) } }
  }

  /// The inner edge of a rectangle, `thickness` pixels wide.
  package mutating func outline(_ rect: PixelRect, thickness: Int, _ colour: Colour) {
    let edge = min(thickness, (rect.height + 1) / 2, (rect.width + 1) / 2)
    fill(PixelRect(x: rect.x, y: rect.y, width: rect.width, height: edge), colour)
    fill(PixelRect(x: rect.x, y: rect.y + rect.height - edge, width: rect.width, height: edge), colour)
    let sides = rect.height - 2 * edge
    fill(PixelRect(x: rect.x, y: rect.y + edge, width: edge, height: sides), colour)
    fill(PixelRect(x: rect.x + rect.width - edge, y: rect.y + edge, width: edge, height: sides), colour)
  }

  /// A line with round ends.
  package mutating func line(from a: Point, to b: Point, thickness: Double, _ colour: Colour) {
    let (dx, dy) = (b.x - a.x, b.y - a.y)
    let squared = dx * dx + dy * dy
    shade(
      left: min(a.x, b.x), top: min(a.y, b.y), right: max(a.x, b.x), bottom: max(a.y, b.y), reach: thickness / 2,
      colour
    ) { x, y in
      let along = squared > 0 ? min(max(((x - a.x) * dx + (y - a.y) * dy) / squared, 0), 1) : 0
      let (px, py) = (x - a.x - along * dx, y - a.y - along * dy)
      return (px * px + py * py).squareRoot() - thickness / 2
    }
  }

  /// A circle's line.
  package mutating func circle(at centre: Point, radius: Double, thickness: Double, _ colour: Colour) {
    shadeRound(centre, reach: radius + thickness / 2, colour) { distance in
      abs(distance - radius) - thickness / 2
    }
  }

  /// A filled circle.
  package mutating func disc(at centre: Point, radius: Double, _ colour: Colour) {
    shadeRound(centre, reach: radius, colour) { $0 - radius }
  }

  // MARK: Pictures and text

  /// A gray picture resampled to a rectangle that lies on the canvas.
  package mutating func draw(_ picture: GrayImage, in rect: PixelRect) {
    guard rect.fits(width: width, height: height) else { return }
    let scaled = picture.resampled(width: rect.width, height: rect.height)
    for y in 0..<rect.height {
      for x in 0..<rect.width {
        let index = 3 * ((rect.y + y) * width + rect.x + x)
        let gray = scaled.pixels[y * rect.width + x]
        for channel in 0..<3 { pixels[index + channel] = gray }
      }
    }
  }

  /// Text whose first letter begins at x and stands on y.
  package mutating func draw(_ mask: TextMask, x: Int, y: Int, _ colour: Colour) {
    let coverage = mask.coverage
    let (left, top) = (x - mask.margin, y - mask.baseline)
    let rect = PixelRect(x: left, y: top, width: coverage.width, height: coverage.height)
    guard let area = clipped(rect) else { return }
    for y in area.rows {
      for x in area.columns {
        let share = coverage.pixels[(y - top) * coverage.width + x - left]
        if share > 0 { blend(x, y, colour, Int(share)) }
      }
    }
  }

  // MARK: Pixels

  private mutating func shadeRound(
    _ centre: Point, reach: Double, _ colour: Colour, _ distance: (Double) -> Double
  ) {
    shade(left: centre.x, top: centre.y, right: centre.x, bottom: centre.y, reach: reach, colour) { x, y in
      distance(((x - centre.x) * (x - centre.x) + (y - centre.y) * (y - centre.y)).squareRoot())
    }
  }

  /// Paints each pixel near a rectangle by its centre's distance outside the shape, negative inside.
  private mutating func shade(
    left: Double, top: Double, right: Double, bottom: Double, reach: Double, _ colour: Colour,
    _ distance: (Double, Double) -> Double
  ) {
    let (firstX, lastX) = (Self.whole(left - reach - 1), Self.whole(right + reach + 1))
    let (firstY, lastY) = (Self.whole(top - reach - 1), Self.whole(bottom + reach + 1))
    guard let firstX, let lastX, let firstY, let lastY, firstX <= lastX, firstY <= lastY,
      let area = clipped(
        PixelRect(x: firstX, y: firstY, width: lastX - firstX + 1, height: lastY - firstY + 1))
    else { return }
    for y in area.rows {
      for x in area.columns {
        let cover = 0.5 - distance(Double(x) + 0.5, Double(y) + 0.5)
        if cover > 0 { blend(x, y, colour, Int((min(cover, 1) * 255).rounded())) }
      }
    }
  }

  /// A coordinate's whole pixel, far ones at a bound beyond every canvas; nil for what is no number.
  private static func whole(_ coordinate: Double) -> Int? {
    coordinate.isNaN ? nil : Int(min(max(coordinate.rounded(.down), -1e6), 1e6))
  }

  private func clipped(_ rect: PixelRect) -> (columns: Range<Int>, rows: Range<Int>)? {
    let (left, right) = (max(rect.x, 0), min(rect.x + rect.width, width))
    let (top, bottom) = (max(rect.y, 0), min(rect.y + rect.height, height))
    return left < right && top < bottom ? (left..<right, top..<bottom) : nil
  }

  private mutating func blend(_ x: Int, _ y: Int, _ colour: Colour, _ coverage: Int) {
    let share = coverage * Int(colour.opacity)
    let index = 3 * (y * width + x)
    func mixed(_ old: UInt8, _ new: UInt8) -> UInt8 {
      UInt8((Int(old) * (65_025 - share) + Int(new) * share + 32_512) / 65_025)
    }
    pixels[index] = mixed(pixels[index], colour.red)
    pixels[index + 1] = mixed(pixels[index + 1], colour.green)
    pixels[index + 2] = mixed(pixels[index + 2], colour.blue)
  }
}

/// A place on a canvas, in pixels.
package struct Point: Sendable, Hashable {
  package var x: Double
  package var y: Double

  package init(_ x: Double, _ y: Double) { (self.x, self.y) = (x, y) }
}
