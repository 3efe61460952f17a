import DeviationReporting
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
      let edgePixels: Int
      let hog: String
    }
    let cases: [Case]

    enum CodingKeys: String, CodingKey {
      case cases
      case version = "scikit-image"
    }
    let version: String
  }

  /// Every number is at most 1, and scikit-image computes in Double as well: only the last rounding to Float differs,
  /// even on pictures made to have gradients at exact angles.
  @Test("l2hys is scikit-image's on noise and on made-up pictures")
  func equalsScikitImage() throws {
    let reference = try Golden.load(Reference.self, "vision/hog.json")
    #expect(reference.cases.count == 14)
    var report = DeviationReport(
      "HOG l2hys, 14 synthetic pictures, max|Δ|", against: "scikit-image \(reference.version)", tolerance: 1e-6)
    for golden in reference.cases {
      let image = try #require(TestPictures.make(golden.kind, width: 64, height: 64, seed: golden.seed))
      #expect(Golden.crc32(image.pixels) == golden.crc32, "\(golden.kind) \(golden.seed)")
      #expect(PlainHistogram(of: image).pixelsAtEdges.count == golden.edgePixels, "\(golden.kind) \(golden.seed)")
      let expected = Golden.floats(golden.hog)
      let actual = HistogramOfGradients(normalization: .l2hys).blocks(of: image)
      #expect(actual.count == 1764 && expected.count == 1764)
      for (actual, expected) in zip(actual, expected) { report.include(Double(abs(actual - expected))) }
      #expect(report.isWithinTolerance, "\(golden.kind) \(golden.seed): \(report.worst)")
    }
    report.publish()
  }

  /// √12 − √3 = √3 beside √4 − √1 = 1: exactly 60°, the edge between bins 2 and 3, where rounding decides.
  @Test("a pixel at the edge of a bin is known, and moving it changes that bin and its neighbour alone")
  func edgeOfBin() throws {
    var image = GrayImage(width: 64, height: 64, repeating: 4)
    (image[19, 20], image[21, 20], image[20, 19], image[20, 21]) = (1, 4, 3, 12)
    let plain = PlainHistogram(of: image)
    let pixel = try #require(plain.pixelsAtEdges.first { $0 == 20 * 64 + 20 })
    // Cell (2, 2) is the first of block (2, 2).
    let place = (2 * 7 + 2) * 36
    let stay = plain.blocks(.max)[place..<(place + 9)].map { $0 }
    let moved = plain.blocks(.max, moving: [pixel])[place..<(place + 9)].map { $0 }
    let changed = (0..<9).filter { (stay[$0] > 0) != (moved[$0] > 0) || abs(stay[$0] - moved[$0]) > 0.1 }
    #expect(Set(changed).isSuperset(of: [2]) || Set(changed).isSuperset(of: [3]))
    #expect(stay != moved)
    let actual = HistogramOfGradients(normalization: .max).blocks(of: image)
    #expect(zip(actual, plain.blocks(.max)).allSatisfy { abs($0 - $1) <= 1e-6 })
  }

  /// A vertical edge from 0 to 100 (square roots 0 and 10) between columns 31 and 32, in rows 0…7 only.
  ///
  /// Columns 31 and 32 have Gx = 10. In rows 0…6 Gy is 0 (row 0 by definition of the border, rows 1…6 because the rows
  /// above and below are equal), so the angle is 0° and the magnitude 10, in bin 0: cell (0, 3) gets 7·10 from column
  /// 31 and cell (0, 4) the same from column 32. Row 7: Gy = 0 − √above. Column 31 is 0 above: still angle 0°, 10 more
  /// for cell (0, 3). Columns 32…39 are 10 above: Gy = −10. Column 32 has Gx = 10: angle −45° = 135°, magnitude 10√2,
  /// bin 6. Columns 33…39: Gx = 0, angle 90°, magnitude 10, bin 4. Row 8, the first of the next cell row: Gy = 0 − 10
  /// from column 32 on, Gx = 0: angle 90°, bin 4. So cell (0, 3) = {bin 0: 80/64}; cell (0, 4) = {bin 0: 70/64, bin 4:
  /// 70/64, bin 6: 10√2/64}; cell (1, 3) = 0; cell (1, 4) = {bin 4: 80/64}. The largest of their block is 80/64.
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
    var report = DeviationReport(
      "HOG max, 300 random pictures, max|Δ|", against: "the definition, pixel by pixel, in Double", tolerance: 1e-6)
    for seed in UInt32(0)..<300 {
      let kind = seed % 3 == 2 ? "angles" : "noise"
      guard let image = TestPictures.make(kind, width: 64, height: 64, seed: seed) else { continue }
      let expected = PlainHistogram(of: image).blocks(.max)
      let actual = HistogramOfGradients(normalization: .max).blocks(of: image)
      for (actual, expected) in zip(actual, expected) { report.include(Double(abs(actual - expected))) }
    }
    #expect(report.isWithinTolerance)
    report.publish()
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
