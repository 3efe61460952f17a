import DeviationReporting
import Foundation
import ImageIO
import OpenCV
import Testing
import Vision
import VisionTestSupport

@Suite("SIFT on real photographs", .enabled(if: RealFaces.folder != nil, "\(RealFaces.missing)"))
struct SiftPhotographTests {
  /// The golden was made without AVX-512; OpenCV chooses instructions at run time, and sums in another order may move a
  /// number of a descriptor by one step of 256. Where there is no AVX-512 every grid must be the same to the bit.
  private static let isSameCode =
    !((try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.contains("avx512f") ?? true)

  @Test("keypoints and grid are those of OpenCV's Python binding on every photograph")
  func equalsPython() throws {
    // Two bytes of keypoints, one of empty cells, 8 of the grid's digest, the samples as bytes.
    let golden = try PhotographGolden("vision/photographs-sift.json") { 11 + $0 }
    let describer = SiftDescriber()
    var (compared, identical, empty) = (0, 0, 0)
    var report = DeviationReport(
      "SIFT grid, \(golden.count) photographs, max|Δ| of 0…255", against: "OpenCV 4.6.0, Python binding", tolerance: 1)
    for name in RealFaces.names {
      let file = try RealFaces.bytes(name)
      guard let record = golden.record(of: file) else { continue }
      let crop = PhotographGolden.crops(of: try PictureDecoder().decodeGray(file)).sift
      try #require(record.isOf(crop), "other pixels than Python saw: \(name)")
      compared += 1
      let keypoints = try describer.describe(crop)
      let grid = KeypointGrid(keypoints, width: crop.width, height: crop.height)
      let payload = record.payload
      #expect(keypoints.count == Int(payload[0]) | Int(payload[1]) << 8, "\(name)")
      #expect(grid.emptyCells == Int(payload[2]), "\(name)")
      identical += Golden.digest(grid.values) == Array(payload[3..<11]) ? 1 : 0
      empty += grid.emptyCells
      let positions = record.positions(of: grid.values.count, samples: golden.samples)
      for (position, expected) in zip(positions, payload[11...]) {
        report.include(Double(abs(grid.values[position] - Float(expected))))
      }
    }
    #expect(compared == golden.count, "the golden is of other photographs")
    #expect(report.isWithinTolerance)
    if Self.isSameCode { #expect(identical == golden.count) }
    report.publish()
    DeviationReport.publish(
      "SIFT grid, photographs of \(golden.count) that are not the same to the bit",
      against: "OpenCV 4.6.0, Python binding", tolerance: Self.isSameCode ? 0 : Double(golden.count),
      worst: Double(golden.count - identical))
    // The threshold's reason: about 4 of 49 cells are empty on faces.
    #expect(Double(empty) / Double(compared) < 5)
  }
}
