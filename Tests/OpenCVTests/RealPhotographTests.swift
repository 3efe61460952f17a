import ImageIO
import Testing
import Vision
import VisionTestSupport

/// The pure features and the decoder on real photographs.
@Suite("Real photographs", .enabled(if: RealFaces.folder != nil, "\(RealFaces.missing)"))
struct RealPhotographTests {
  struct Reference: Decodable {
    struct Photograph: Decodable {
      let file: String
      let crc32: UInt32
      let first: Int
      let everyFortyNinth: String
      let edgePixels: Int
    }
    let photographs: [Photograph]
  }

  @Test("HOG is scikit-image's on the middle of each")
  func histograms() throws {
    let reference = try Golden.load(Reference.self, "vision/hog.json")
    #expect(reference.photographs.count >= 50)
    for golden in reference.photographs where golden.edgePixels == 0 {
      let image = try PictureDecoder().decodeGray(RealFaces.bytes(golden.file))
      let middle = image.crop(
        PixelRect(x: (image.width - 64) / 2, y: (image.height - 64) / 2, width: 64, height: 64))
      try #require(Golden.crc32(middle.pixels) == golden.crc32, "\(golden.file)")
      let blocks = HistogramOfGradients(normalization: .l2hys).blocks(of: middle)
      let actual = stride(from: golden.first, to: blocks.count, by: 49).map { blocks[$0] }
      let expected = Golden.floats(golden.everyFortyNinth)
      #expect(actual.count == expected.count)
      #expect(zip(actual, expected).allSatisfy { abs($0 - $1) <= 1e-6 }, "\(golden.file)")
    }
  }

  @Test("all of them decode")
  func decode() throws {
    let decoder = PictureDecoder()
    for file in RealFaces.names {
      let bytes = try RealFaces.bytes(file)
      let header = try decoder.probe(bytes)
      let image = try decoder.decodeGray(bytes)
      #expect(image.width == header.width && image.height == header.height)
    }
  }
}
