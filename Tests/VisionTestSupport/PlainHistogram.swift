import Foundation
package import Vision

/// HOG by its definition, pixel by pixel, with a say over the pixels that rounding could put into either of two bins.
///
/// A gradient whose angle lies within 1e-5° of an inner edge between two bins (20°, 40° … 160°) may be counted in the
/// neighbouring one by another implementation; ``blocks(_:moving:)`` gives the features with some of them moved.
package struct PlainHistogram: Sendable {
  private struct Gradient {
    let cell: Int
    let bin: Int
    /// The bin beyond the edge, where one is so near.
    let neighbour: Int?
    let magnitude: Double
  }

  private let gradients: [Gradient]
  /// The pixels at an edge, by index in `pixels`.
  package let pixelsAtEdges: [Int]

  /// - Parameter image: 64×64.
  package init(of image: GrayImage) {
    func root(_ x: Int, _ y: Int) -> Double { Double(image.pixels[y * 64 + x]).squareRoot() }
    gradients = (0..<64 * 64).map { pixel in
      let (x, y) = (pixel % 64, pixel / 64)
      let gx = x == 0 || x == 63 ? 0 : root(x + 1, y) - root(x - 1, y)
      let gy = y == 0 || y == 63 ? 0 : root(x, y + 1) - root(x, y - 1)
      var degrees = atan2(gy, gx) * (180 / .pi)
      if degrees < 0 { degrees += 180 }
      if degrees >= 180 { degrees -= 180 }
      let bin = Int(degrees / 20)
      let edge = Int((degrees / 20).rounded())
      let isNear = (gx != 0 || gy != 0) && (1...8).contains(edge) && abs(degrees - Double(edge) * 20) < 1e-5
      return Gradient(
        cell: y / 8 * 8 + x / 8, bin: bin, neighbour: isNear ? (bin == edge ? edge - 1 : edge) : nil,
        magnitude: (gx * gx + gy * gy).squareRoot())
    }
    pixelsAtEdges = gradients.indices.filter { [gradients] in gradients[$0].neighbour != nil }
  }

  /// `[7, 7, 36]`.
  ///
  /// - Parameter moving: pixels at an edge that are counted beyond it.
  package func blocks(
    _ normalization: HistogramOfGradients.Normalization, moving: Set<Int> = []
  ) -> [Float] {
    var cells = [Double](repeating: 0, count: 64 * 9)
    for (pixel, gradient) in gradients.enumerated() {
      let bin = moving.contains(pixel) ? gradient.neighbour ?? gradient.bin : gradient.bin
      cells[gradient.cell * 9 + bin] += gradient.magnitude / 64
    }
    return (0..<49).flatMap { block -> [Float] in
      let corner = block / 7 * 8 + block % 7
      var values = [corner, corner + 1, corner + 8, corner + 9].flatMap { cells[($0 * 9)..<($0 * 9 + 9)] }
      switch normalization {
      case .max:
        let largest = values.max()!
        if largest > 0 { values = values.map { $0 / largest } }
      case .l2hys:
        values = Self.divided(Self.divided(values).map { min($0, 0.2) })
      }
      return values.map { Float($0) }
    }
  }

  private static func divided(_ values: [Double]) -> [Double] {
    let length = (values.reduce(0) { $0 + $1 * $1 } + 1e-5 * 1e-5).squareRoot()
    return values.map { $0 / length }
  }
}
