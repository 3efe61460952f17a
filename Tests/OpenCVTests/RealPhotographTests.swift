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

  /// The set has a WebP file with a JPEG's name: what a file is called decides nothing.
  @Test("all that are JPEG or PNG decode, whatever their names")
  func decode() throws {
    let decoder = PictureDecoder()
    var others = 0
    for name in RealFaces.names {
      let bytes = try RealFaces.bytes(name)
      guard bytes.starts(with: [0xFF, 0xD8]) || bytes.starts(with: [0x89, 0x50]) else {
        #expect(throws: ImageError(.notAnImage, "neither JPEG nor PNG")) { try decoder.probe(bytes) }
        others += 1
        continue
      }
      let header = try decoder.probe(bytes)
      let image = try decoder.decodeGray(bytes)
      #expect(image.width == header.width && image.height == header.height)
    }
    #expect(others * 100 <= RealFaces.names.count)
  }
}
