import Foundation

/// Gradient histograms of the 8×8 cells of a 64×64 picture.
///
/// The bin of a gradient is that of its angle by `atan2` in Double. It is found without one: mirrored into the first
/// quadrant, a direction lies at or beyond the edge 20k° exactly where cross(edge, direction) ≥ 0. Only a gradient so
/// near an edge that rounding could decide otherwise asks `atan2` itself, so the answer is always that of `atan2`.
enum GradientCells {
  private static let side = HistogramOfGradients.imageSide
  private static let bins = HistogramOfGradients.bins

  /// √v of every 8-bit value.
  private static let gamma: [Double] = (0..<256).map { Double($0).squareRoot() }
  /// Cosine and sine of the edges 20°, 40°, 60° and 80°.
  private static let edges: [(cosine: Double, sine: Double)] = (1...4).map {
    let angle = Double($0) * .pi / 9
    return (cos(angle), sin(angle))
  }
  /// Relative distance to an edge (the sine of the angle between) below which `atan2` decides: far above the rounding
  /// of a cross product (about 1e-16), and met by one gradient in some hundred thousand, so that tests reach it.
  private static let doubt = 1e-6

  /// `[8, 8, 9]`: cell row, cell column, bin; sums of magnitudes divided by 64.
  static func histograms(of image: GrayImage) -> [Double] {
    let cellCount = HistogramOfGradients.cellsPerSide * HistogramOfGradients.cellsPerSide * bins
    return [Double](unsafeUninitializedCapacity: cellCount) { cells, count in
      count = cellCount
      cells.initialize(repeating: 0)
      withUnsafeTemporaryAllocation(of: Double.self, capacity: side * side + 2 * side) { buffer in
        let roots = buffer.baseAddress!
        gamma.withUnsafeBufferPointer { gamma in
          image.pixels.withUnsafeBufferPointer { pixels in
            for i in 0..<(side * side) { roots[i] = gamma[Int(pixels[i])] }
          }
        }
        withUnsafeTemporaryAllocation(of: Int.self, capacity: side) { rowBins in
          let row = GradientRow(scratch: roots + side * side, bins: rowBins.baseAddress!)
          for y in 0..<side {
            edges.withUnsafeBufferPointer { row.measure(y, roots: roots, edges: $0.baseAddress!, doubt: doubt) }
            let cellRow = cells.baseAddress! + (y >> 3) * HistogramOfGradients.cellsPerSide * bins
            for x in 0..<side { cellRow[(x >> 3) * bins + row.bins[x]] += row.magnitudes[x] }
          }
        }
      }
      for i in 0..<cellCount { cells[i] /= 64 }
    }
  }
}
