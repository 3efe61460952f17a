import DeviationReporting
import Foundation
import OpenCV
import Testing
import Vision
import VisionTestSupport

@Suite("SIFT")
struct SiftDescriberTests {
  struct Reference: Decodable {
    struct Case: Decodable {
      let kind: String
      let seed: UInt32
      let crc32: UInt32
      let count: Int
      let places: String
      let descriptors: String
      let strongest: [Int]
      let tiedCells: Int
    }
    let opencv: String
    let cases: [Case]
  }

  /// The same library on the same pixels. Another build may use other vector instructions, so positions and responses
  /// are compared to 1e-4 and descriptors to one step of 256; order and choice must be equal.
  @Test("keypoints, descriptors and the grid are those of OpenCV's Python binding")
  func equalsPython() throws {
    let reference = try Golden.load(Reference.self, "vision/sift.json")
    #expect(reference.cases.count == 10)
    var places = DeviationReport(
      "SIFT, 10 synthetic pictures, position and response, max|Δ|",
      against: "OpenCV \(reference.opencv), Python binding",
      tolerance: 1e-4)
    var numbers = DeviationReport(
      "SIFT, 10 synthetic pictures, descriptors, max|Δ| of 0…255",
      against: "OpenCV \(reference.opencv), Python binding", tolerance: 1)
    for golden in reference.cases {
      let image = try #require(TestPictures.make(golden.kind, width: 112, height: 112, seed: golden.seed))
      #expect(Golden.crc32(image.pixels) == golden.crc32)
      let keypoints = try SiftDescriber().describe(image)
      try #require(keypoints.count == golden.count)
      let expectedPlaces = Golden.floats(golden.places)
      let descriptors = [UInt8](Data(base64Encoded: golden.descriptors) ?? Data())
      for (index, point) in keypoints.enumerated() {
        for (actual, expected) in zip([point.x, point.y, point.response], expectedPlaces[(3 * index)...]) {
          places.include(Double(abs(actual - expected)))
        }
        for (actual, expected) in zip(point.descriptor, descriptors[(128 * index)...]) {
          numbers.include(Double(abs(actual - Float(expected))))
        }
      }
      let grid = KeypointGrid(keypoints, width: 112, height: 112)
      #expect(grid.emptyCells == golden.strongest.count { $0 < 0 })
      for (cell, index) in golden.strongest.enumerated() {
        let column = (0..<128).map { grid.values[$0 * 49 + cell] }
        #expect(column == (index < 0 ? [Float](repeating: 0, count: 128) : keypoints[index].descriptor))
      }
    }
    #expect(places.isWithinTolerance && numbers.isWithinTolerance)
    places.publish()
    numbers.publish()
  }

  /// Dots 8 pixels apart: in most cells several keypoints are equally strong to the last bit, and which is kept is a
  /// matter of order alone.
  @Test("of equally strong keypoints the first in OpenCV's order is kept")
  func ties() throws {
    let golden = try #require(Golden.load(Reference.self, "vision/sift.json").cases.first { $0.kind == "tiles" })
    #expect(golden.tiedCells == 45)
    let image = try #require(TestPictures.make("tiles", width: 112, height: 112, seed: golden.seed))
    let keypoints = try SiftDescriber().describe(image)
    let grid = KeypointGrid(keypoints, width: 112, height: 112)
    for (cell, kept) in golden.strongest.enumerated() where kept >= 0 {
      let members = keypoints.indices.filter {
        Int(keypoints[$0].y * 7 / 112) * 7 + Int(keypoints[$0].x * 7 / 112) == cell
      }
      let strongest = members.map { keypoints[$0].response }.max()
      #expect(members.first { keypoints[$0].response == strongest } == kept)
      #expect((0..<128).map { grid.values[$0 * 49 + cell] } == keypoints[kept].descriptor)
    }
  }

  @Test("a flat picture has no keypoints and a grid of zeros", arguments: [UInt8(0), 90, 255])
  func empty(value: UInt8) throws {
    let keypoints = try SiftDescriber().describe(GrayImage(width: 112, height: 112, repeating: value))
    #expect(keypoints.isEmpty)
    let grid = KeypointGrid(keypoints, width: 112, height: 112)
    #expect(grid.emptyCells == 49 && grid.values.count == 6272 && grid.values.allSatisfy { $0 == 0 })
  }

  @Test("every size gives an answer", arguments: [(1, 1), (1, 300), (2, 2), (7, 5), (640, 480)])
  func sizes(width: Int, height: Int) throws {
    for point in try SiftDescriber().describe(TestPictures.noise(width: width, height: height, seed: 6)) {
      #expect(point.descriptor.allSatisfy { $0 >= 0 && $0 <= 255 })
    }
  }

  @Test("a bad threshold is an error", arguments: [-1, .nan])
  func badThreshold(threshold: Double) {
    #expect(throws: OpenCVError(.failed, "SIFT parameters out of range")) {
      try SiftDescriber(contrastThreshold: threshold).describe(TestPictures.noise(width: 64, height: 64, seed: 6))
    }
  }
}
