import Foundation
import Testing
import Vision
import VisionTestSupport

@Suite("Histograms of oriented gradients")
struct HistogramOfGradientsTests {
  struct Reference: Decodable {
    struct Case: Decodable {
      let kind: String
      let seed: UInt32
      let crc32: UInt32
      let hog: String
    }
    let cases: [Case]
  }

  /// Every number is at most 1, and scikit-image computes in Double as well: only the last rounding to Float differs.
  @Test("l2hys is scikit-image's")
  func equalsScikitImage() throws {
    let reference = try Golden.load(Reference.self, "vision/hog.json")
    #expect(reference.cases.count >= 7)
    for golden in reference.cases {
      let image = try #require(TestPictures.make(golden.kind, width: 64, height: 64, seed: golden.seed))
      #expect(Golden.crc32(image.pixels) == golden.crc32)
      let expected = Golden.floats(golden.hog)
      let actual = HistogramOfGradients(normalization: .l2hys).blocks(of: image)
      #expect(actual.count == 1764 && expected.count == 1764)
      let worst = zip(actual, expected).map { abs($0 - $1) }.max() ?? 1
      #expect(worst <= 1e-6, "\(golden.kind) \(golden.seed)")
    }
  }

  /// A vertical edge from 0 to 100 (square roots 0 and 10) between columns 31 and 32, in rows 0…7 only.
  ///
  /// Columns 31 and 32 have Gx = 10. In rows 0…6 Gy is 0 (row 0 by definition of the border, rows 1…6 because the rows
  /// above and below are equal), so the angle is 0° and the magnitude 10, in bin 0: cell (0, 3) gets 7·10 from column 31
  /// and cell (0, 4) the same from column 32.
  /// Row 7: Gy = 0 − √above. Column 31 is 0 above: still angle 0°, 10 more for cell (0, 3). Columns 32…39 are 10 above: Gy
  /// = −10. Column 32 has Gx = 10: angle −45° = 135°, magnitude 10√2, bin 6. Columns 33…39: Gx = 0, angle 90°, magnitude 10,
  /// bin 4. Row 8, the first of the next cell row: Gy = 0 − 10 from column 32 on, Gx = 0: angle 90°, bin 4.
  /// So cell (0, 3) = {bin 0: 80/64}; cell (0, 4) = {bin 0: 70/64, bin 4: 70/64, bin 6: 10√2/64}; cell (1, 3) = 0; cell
  /// (1, 4) = {bin 4: 80/64}. The largest of their block is 80/64.
  @Test("max, worked by hand")
  func maximumByHand() {
    var image = GrayImage(width: 64, height: 64, repeating: 0)
    for y in 0..<8 { for x in 32..<64 { image[x, y] = 100 } }
    let blocks = HistogramOfGradients(normalization: .max).blocks(of: image)
    var expected = [Float](repeating: 0, count: 36)
    expected[0] = 1
    expected[9] = 70 / 80
    expected[9 + 4] = 70 / 80
    expected[9 + 6] = Float(10 * 2.0.squareRoot() / 80)
    expected[27 + 4] = 1
    let block = Array(blocks[(3 * 36)..<(4 * 36)])
    for (actual, wanted) in zip(block, expected) { #expect(abs(actual - wanted) < 1e-6) }
    // The block to the left, of cells (0, 2) and (0, 3): only 80/64 in cell (0, 3).
    let left = Array(blocks[(2 * 36)..<(3 * 36)])
    #expect(left.enumerated().allSatisfy { $1 == ($0 == 9 ? 1 : 0) })
    // Nothing lies below: an all-zero block stays zero.
    #expect(blocks[(7 * 36)...].allSatisfy { $0 == 0 } == false)
    #expect(blocks[(2 * 7 * 36)...].allSatisfy { $0 == 0 })
  }

  @Test("a cell's numbers depend on its block", arguments: HistogramOfGradients.Normalization.allCases)
  func blocksDiffer(normalization: HistogramOfGradients.Normalization) {
    let image = TestPictures.blobs(width: 64, height: 64, seed: 3)
    let blocks = HistogramOfGradients(normalization: normalization).blocks(of: image)
    // Cell (1, 1) is the last of block (0, 0) and the first of block (1, 1).
    let inFirst = blocks[27..<36]
    let inSecond = blocks[(8 * 36)..<(8 * 36 + 9)]
    #expect(Array(inFirst) != Array(inSecond))
    #expect(blocks.allSatisfy { $0 >= 0 && $0 <= 1 })
    if normalization == .max {
      for block in 0..<49 { #expect(blocks[(block * 36)..<(block * 36 + 36)].max() == 1) }
    }
  }

  /// Enough gradients that some come so near the edge of a bin that the fast decision hands over to `atan2`.
  @Test("bins are those of atan2")
  func bins() {
    for seed in UInt32(0)..<300 {
      let image = TestPictures.noise(width: 64, height: 64, seed: seed)
      let expected = Self.plainMaximum(image)
      let actual = HistogramOfGradients(normalization: .max).blocks(of: image)
      #expect(zip(actual, expected).allSatisfy { abs($0 - $1) <= 1e-6 })
    }
  }

  /// The definition, pixel by pixel.
  private static func plainMaximum(_ image: GrayImage) -> [Float] {
    var cells = [Double](repeating: 0, count: 64 * 9)
    func root(_ x: Int, _ y: Int) -> Double { Double(image.pixels[y * 64 + x]).squareRoot() }
    for y in 0..<64 {
      for x in 0..<64 {
        let gx = x == 0 || x == 63 ? 0 : root(x + 1, y) - root(x - 1, y)
        let gy = y == 0 || y == 63 ? 0 : root(x, y + 1) - root(x, y - 1)
        var degrees = atan2(gy, gx) * (180 / .pi)
        if degrees < 0 { degrees += 180 }
        if degrees >= 180 { degrees -= 180 }
        cells[(y / 8 * 8 + x / 8) * 9 + Int(degrees / 20)] += (gx * gx + gy * gy).squareRoot() / 64
      }
    }
    return (0..<49).flatMap { block -> [Float] in
      let corner = block / 7 * 8 + block % 7
      let values = [corner, corner + 1, corner + 8, corner + 9].flatMap { cells[($0 * 9)..<($0 * 9 + 9)] }
      return values.map { Float($0 / values.max()!) }
    }
  }

  @Test("the grid is the same numbers as [36, 7, 7]")
  func gridLayout() {
    let hog = HistogramOfGradients()
    let image = TestPictures.noise(width: 64, height: 64, seed: 9)
    let blocks = hog.blocks(of: image)
    let grid = hog.grid(of: image)
    for row in 0..<7 {
      for column in 0..<7 {
        for channel in 0..<36 {
          #expect(grid[channel * 49 + row * 7 + column] == blocks[(row * 7 + column) * 36 + channel])
        }
      }
    }
  }
}
