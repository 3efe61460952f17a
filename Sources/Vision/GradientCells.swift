import Foundation

/// Gradient histograms of the 8×8 cells of a 64×64 picture.
///
/// The bin of a gradient is that of its angle by `atan2` in Double. It is found without one: a direction g folded into
/// the half plane [0°, 180°) lies at or beyond the edge 20k° exactly where cross(edge, g) ≥ 0. Only a gradient so near an
/// edge that rounding could decide otherwise asks `atan2` itself, so the answer is always that of `atan2`.
enum GradientCells {
  private static let side = HistogramOfGradients.imageSide
  private static let bins = HistogramOfGradients.bins

  /// √v of every 8-bit value.
  private static let gamma: [Double] = (0..<256).map { Double($0).squareRoot() }
  /// Cosine and sine of 20k°, k = 1…8.
  private static let edges: [(cosine: Double, sine: Double)] = (1..<bins).map {
    let angle = Double($0) * .pi / 9
    return (cos(angle), sin(angle))
  }
  /// Relative distance to an edge (the sine of the angle between) below which `atan2` decides: far above the rounding of
  /// a cross product (about 1e-16), far below what natural pictures hit.
  private static let doubt = 1e-12

  /// `[8, 8, 9]`: cell row, cell column, bin; sums of magnitudes divided by 64.
  static func histograms(of image: GrayImage) -> [Double] {
    [Double](
      unsafeUninitializedCapacity: HistogramOfGradients.cellsPerSide * HistogramOfGradients.cellsPerSide * bins
    ) { cells, count in
      count = cells.count
      cells.initialize(repeating: 0)
      withUnsafeTemporaryAllocation(of: Double.self, capacity: side * side) { roots in
        gamma.withUnsafeBufferPointer { gamma in
          image.pixels.withUnsafeBufferPointer { pixels in
            for i in 0..<(side * side) { roots[i] = gamma[Int(pixels[i])] }
          }
        }
        for y in 0..<side { addRow(y, roots: roots, to: cells) }
      }
      for i in 0..<cells.count { cells[i] /= 64 }
    }
  }

  /// Adds one row of pixels to the nine bins of its eight cells. On the picture's border a gradient's component across
  /// the border is zero.
  private static func addRow(
    _ y: Int, roots: UnsafeMutableBufferPointer<Double>, to cells: UnsafeMutableBufferPointer<Double>
  ) {
    let inside = y > 0 && y < side - 1
    let row = y * side
    let cellRow = (y >> 3) * HistogramOfGradients.cellsPerSide * bins
    for x in 0..<side {
      let gx = x > 0 && x < side - 1 ? roots[row + x + 1] - roots[row + x - 1] : 0
      let gy = inside ? roots[row + side + x] - roots[row - side + x] : 0
      let magnitude = (gx * gx + gy * gy).squareRoot()
      guard magnitude > 0 else { continue }
      cells[cellRow + (x >> 3) * bins + bin(gx, gy, magnitude: magnitude)] += magnitude
    }
  }

  /// The bin of a gradient that is not zero.
  static func bin(_ gx: Double, _ gy: Double, magnitude: Double) -> Int {
    let flip = gy < 0 || (gy == 0 && gx < 0)
    let x = flip ? -gx : gx
    let y = flip ? -gy : gy
    let margin = doubt * magnitude
    var bin = 0
    var near = false
    for edge in edges {
      let cross = y * edge.cosine - x * edge.sine
      bin += cross >= 0 ? 1 : 0
      near = near || abs(cross) < margin
    }
    return near ? exactBin(gx, gy) : bin
  }

  private static func exactBin(_ gx: Double, _ gy: Double) -> Int {
    var degrees = (atan2(gy, gx) * (180 / .pi)).truncatingRemainder(dividingBy: 180)
    if degrees < 0 { degrees += 180 }
    return min(Int(degrees / 20), bins - 1)
  }
}
