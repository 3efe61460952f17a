import DeviationReporting
import ImageIO
import Testing
import Vision
import VisionTestSupport

@Suite("HOG on real photographs", .enabled(if: RealFaces.folder != nil, "\(RealFaces.missing)"))
struct HistogramPhotographTests {
  /// A photograph with a pixel within 1e-5° of the edge of a bin is counted, and may differ by that pixel's
  /// neighbouring bin only: some choice of its edge pixels, counted beyond the edge, must explain every number.
  @Test("l2hys is scikit-image's on every photograph")
  func equalsScikitImage() throws {
    let golden = try PhotographGolden("vision/photographs-hog.json") { 4 * $0 }
    let hog = HistogramOfGradients(normalization: .l2hys)
    var report = DeviationReport(
      "HOG l2hys, \(golden.count) photographs, max|Δ|", against: "scikit-image 0.26.0", tolerance: 1e-4)
    var (compared, nearEdge, explained) = (0, 0, 0)
    for name in RealFaces.names {
      let file = try RealFaces.bytes(name)
      guard let record = golden.record(of: file) else { continue }
      let crop = PhotographGolden.crops(of: try PictureDecoder().decodeGray(file)).hog
      try #require(record.isOf(crop), "other pixels than scikit-image saw: \(name)")
      compared += 1
      let positions = record.positions(of: 1764, samples: golden.samples)
      let expected = Golden.floats(record.payload)
      func worst(_ blocks: [Float]) -> Double {
        zip(positions, expected).map { Double(abs(blocks[$0] - $1)) }.max() ?? .infinity
      }
      let difference = worst(hog.blocks(of: crop))
      let plain = PlainHistogram(of: crop)
      nearEdge += plain.pixelsAtEdges.isEmpty ? 0 : 1
      if difference <= 1e-4 {
        report.include(difference)
      } else if Self.subsets(plain.pixelsAtEdges).contains(where: { worst(plain.blocks(.l2hys, moving: $0)) <= 1e-4 }) {
        explained += 1
      } else {
        report.include(difference)
        Issue.record("\(name) differs by \(difference)")
      }
    }
    #expect(compared == golden.count, "the golden is of other photographs")
    // Counted by the script as well: 32 photographs come that near an edge. None of them differs on this processor.
    #expect(nearEdge == 32 && explained <= nearEdge)
    DeviationReport.publish(
      "HOG l2hys, photographs (of \(nearEdge) with a pixel within 1e-5° of an edge) that differ by a neighbouring bin",
      against: "scikit-image 0.26.0", tolerance: Double(nearEdge), worst: Double(explained))
    report.publish()
  }

  /// All ways to move some pixels; of more than ten, the first ten.
  private static func subsets(_ pixels: [Int]) -> [Set<Int>] {
    pixels.prefix(10).reduce(into: [[]]) { sets, pixel in sets += sets.map { $0.union([pixel]) } }
  }
}
