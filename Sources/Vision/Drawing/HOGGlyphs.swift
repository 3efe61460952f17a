import Foundation

/// What histograms of gradients look like: in each of the 8×8 cells a line per bin, along the edge its gradient belongs
/// to (across the gradient), its length the bin's weight.
///
/// A cell stands in up to four overlapping blocks and has other numbers in each, as each block is normalised by itself;
/// the glyph shows their mean, so it is drawn from what the network is given.
package struct HOGGlyphs: Sendable, Hashable {
  package static let valueCount = HistogramOfGradients.channels * HistogramOfGradients.side * HistogramOfGradients.side
  static let cells = HistogramOfGradients.cellsPerSide
  static let bins = HistogramOfGradients.bins

  /// `[8, 8, 9]`: cell row, cell column, bin; the mean over the blocks a cell stands in.
  package let weights: [Float]

  /// - Parameter grid: `[36, 7, 7]`, as ``HistogramOfGradients/grid(of:)`` gives it.
  package init(grid: [Float]) {
    precondition(grid.count == Self.valueCount, "HOG is [36, 7, 7]")
    let side = HistogramOfGradients.side
    var sums = [Float](repeating: 0, count: Self.cells * Self.cells * Self.bins)
    var blocks = [Float](repeating: 0, count: Self.cells * Self.cells)
    for position in 0..<side * side {
      for corner in 0..<4 {
        let cell = (position / side + corner / 2) * Self.cells + position % side + corner % 2
        blocks[cell] += 1
        for bin in 0..<Self.bins {
          sums[cell * Self.bins + bin] += grid[(corner * Self.bins + bin) * side * side + position]
        }
      }
    }
    weights = sums.indices.map { sums[$0] / blocks[$0 / Self.bins] }
  }

  /// Draws the glyphs over a square of whole pixels; the heaviest line is as long as a cell.
  package func draw(in rect: PixelRect, on canvas: inout Canvas, _ colour: Colour) {
    guard let heaviest = weights.max(), heaviest > 0 else { return }
    let cell = Double(rect.width) / Double(Self.cells)
    for (index, weight) in weights.enumerated() where weight > 0 {
      let share = Double(weight / heaviest)
      let (row, column) = (index / Self.bins / Self.cells, index / Self.bins % Self.cells)
      let centre = Point(
        Double(rect.x) + (Double(column) + 0.5) * cell, Double(rect.y) + (Double(row) + 0.5) * cell)
      let angle = Self.edgeAngle(bin: index % Self.bins)
      let (dx, dy) = (cos(angle) * share * cell / 2, sin(angle) * share * cell / 2)
      canvas.line(
        from: Point(centre.x - dx, centre.y - dy), to: Point(centre.x + dx, centre.y + dy), thickness: 1 + share,
        colour.faded(0.25 + 0.75 * share))
    }
  }

  /// The direction of the edge of a bin in radians, from the x axis towards the y axis (down): the middle of the bin's
  /// 20° of gradient directions, turned by 90°.
  static func edgeAngle(bin: Int) -> Double { (Double(bin) * 20 + 10 + 90) * .pi / 180 }
}
