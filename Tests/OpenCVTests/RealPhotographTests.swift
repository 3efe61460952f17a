import ImageIO
import Testing
import Vision
import VisionTestSupport

/// The decoder on real photographs.
@Suite("Real photographs", .enabled(if: RealFaces.folder != nil, "\(RealFaces.missing)"))
struct RealPhotographTests {
  /// The set has a WebP file with a JPEG's name: what a file is called decides nothing.
  @Test("all that are JPEG or PNG decode, whatever their names")
  func decode() throws {
    let decoder = PictureDecoder()
    var others = 0
    for name in RealFaces.names {
      let bytes = try RealFaces.bytes(name)
      guard bytes.starts(with: [0xFF, 0xD8]) || bytes.starts(with: [0x89, 0x50]) else {
        let error = #expect(throws: ImageError.self) { try decoder.probe(bytes) }
        #expect(error?.code == .unsupported && error?.detail.contains("WebP") == true)
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
