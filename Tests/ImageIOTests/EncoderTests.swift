import ImageIO
import Testing
import Vision
import VisionTestSupport

@Suite("Encoding pictures")
struct EncoderTests {
  private let decoder = PictureDecoder()

  @Test("PNG keeps every pixel", arguments: [(1, 1), (1, 10_000), (10_000, 1), (33, 17)])
  func pngRoundTrip(width: Int, height: Int) throws {
    let image = TestPictures.noise(width: width, height: height, seed: 3)
    #expect(try decoder.decodeGray(PNGEncoder().encode(image)) == image)
    let rgb = RGBImage(width: width, height: height, pixels: image.pixels.flatMap { [$0, 255 - $0, 7] })
    #expect(try decoder.decodeGray(PNGEncoder().encode(rgb)) == rgb.gray)
  }

  @Test("JPEG keeps the size and nearly the picture", arguments: [(1, 1), (1, 10_000), (10_000, 1), (65, 43)])
  func jpegRoundTrip(width: Int, height: Int) throws {
    let image = TestPictures.blobs(width: width, height: height, seed: 3)
    let decoded = try decoder.decodeGray(JPEGEncoder(quality: 95).encode(image))
    #expect(decoded.width == width && decoded.height == height)
    let difference = zip(decoded.pixels, image.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 255
    #expect(difference <= 24)
    let rgb = RGBImage(width: width, height: height, pixels: image.pixels.flatMap { [$0, $0, $0] })
    let decodedRGB = try decoder.decodeGray(JPEGEncoder(quality: 95).encode(rgb))
    #expect(zip(decodedRGB.pixels, image.pixels).allSatisfy { abs(Int($0) - Int($1)) <= 24 })
  }

  @Test("lower quality makes smaller files")
  func quality() throws {
    let image = TestPictures.noise(width: 64, height: 64, seed: 1)
    #expect(try JPEGEncoder(quality: 30).encode(image).count < JPEGEncoder(quality: 95).encode(image).count)
  }

  @Test("a picture too long for JPEG is refused")
  func tooLong() {
    let image = GrayImage(width: 65_501, height: 1, repeating: 0)
    #expect(throws: ImageError(.tooLarge, "JPEG sides end at 65,500 pixels")) { try JPEGEncoder().encode(image) }
  }
}
