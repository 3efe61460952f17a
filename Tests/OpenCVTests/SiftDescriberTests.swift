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
    }
    let cases: [Case]
  }

  /// The same library on the same pixels. Another build may use other vector instructions, so positions and responses
  /// are compared to 1e-4 and descriptors to one step of 256; order and choice must be equal.
  @Test("keypoints, descriptors and the grid are those of OpenCV's Python binding")
  func equalsPython() throws {
    let reference = try Golden.load(Reference.self, "vision/sift.json")
    #expect(reference.cases.count == 6)
    for golden in reference.cases {
      let image = try #require(TestPictures.make(golden.kind, width: 112, height: 112, seed: golden.seed))
      #expect(Golden.crc32(image.pixels) == golden.crc32)
      let keypoints = try SiftDescriber().describe(image)
      try #require(keypoints.count == golden.count)
      let places = Golden.floats(golden.places)
      let descriptors = [UInt8](Data(base64Encoded: golden.descriptors) ?? Data())
      for (index, point) in keypoints.enumerated() {
        let expected = places[(3 * index)..<(3 * index + 3)]
        #expect(zip([point.x, point.y, point.response], expected).allSatisfy { abs($0 - $1) <= 1e-4 })
        let numbers = descriptors[(128 * index)..<(128 * index + 128)]
        #expect(zip(point.descriptor, numbers).allSatisfy { abs($0 - Float($1)) <= 1 })
      }
      let grid = KeypointGrid(keypoints, width: 112, height: 112)
      #expect(grid.emptyCells == golden.strongest.count { $0 < 0 })
      for (cell, index) in golden.strongest.enumerated() {
        let column = (0..<128).map { grid.values[$0 * 49 + cell] }
        #expect(column == (index < 0 ? [Float](repeating: 0, count: 128) : keypoints[index].descriptor))
      }
    }
  }

  @Test("every size gives an answer", arguments: [(1, 1), (1, 300), (2, 2), (7, 5), (640, 480)])
  func sizes(width: Int, height: Int) throws {
    for point in try SiftDescriber().describe(TestPictures.noise(width: width, height: height, seed: 6)) {
      #expect(point.descriptor.allSatisfy { $0 >= 0 && $0 <= 255 })
    }
  }

  @Test(
    "bad parameters are an error",
    arguments: [
      SiftDescriber.Settings(octaveLayers: -3), .init(octaveLayers: 0), .init(sigma: -1), .init(sigma: .nan),
      .init(contrastThreshold: -1), .init(edgeThreshold: 0),
    ])
  func badParameters(settings: SiftDescriber.Settings) {
    #expect(throws: OpenCVError(.failed, "SIFT parameters out of range")) {
      try SiftDescriber(settings: settings).describe(TestPictures.noise(width: 64, height: 64, seed: 6))
    }
  }
}
