import ImageIO
import Testing
import Vision
import VisionTestSupport

/// Shapes, for pictures of random sizes and contents.
@Suite("Properties of pictures")
struct PicturePropertyTests {
  private let decoder = PictureDecoder()

  /// Random numbers of a seed.
  private struct Choice {
    var state: UInt32

    mutating func callAsFunction(_ range: ClosedRange<Int>) -> Int {
      state = TestPictures.mix(state &+ 0x9E37_79B9)
      return range.lowerBound + Int(state % UInt32(range.count))
    }
  }

  private func picture(_ next: inout Choice, upTo side: Int) -> GrayImage {
    let kinds = ["noise", "blobs", "flat", "saturated", "ramp"]
    let (width, height) = next(1...6) == 1 ? (next(1...4), next(1...2000)) : (next(1...side), next(1...side))
    let isLong = height > side
    return TestPictures.make(
      isLong ? "noise" : kinds[next(0...4)], width: width, height: height, seed: UInt32(next(0...9999)))!
  }

  @Test("what was encoded is decoded in the same shape", arguments: UInt32(0)..<150)
  func roundTrip(seed: UInt32) throws {
    var next = Choice(state: seed)
    let image = picture(&next, upTo: 90)
    let rgb = RGBImage(
      width: image.width, height: image.height, pixels: image.pixels.flatMap { [$0, 255 - $0, $0 / 2] })
    #expect(try decoder.decodeGray(PNGEncoder().encode(image)) == image)
    #expect(try decoder.decodeGray(PNGEncoder().encode(rgb)) == rgb.gray)
    for file in [try JPEGEncoder(quality: next(1...100)).encode(image), try JPEGEncoder().encode(rgb)] {
      let header = try decoder.probe(file)
      let decoded = try decoder.decodeGray(file)
      #expect(header.width == image.width && header.height == image.height)
      #expect(decoded.width == image.width && decoded.height == image.height)
    }
  }

  /// Of the small fixtures every length is tried; here are files of a webcam's size.
  @Test("a frame cut at any power of two is corrupt or no image", arguments: ["JPEG", "PNG"])
  func cutFrames(kind: String) throws {
    let image = TestPictures.noise(width: 640, height: 480, seed: 5)
    let file = kind == "PNG" ? try PNGEncoder().encode(image) : try JPEGEncoder().encode(image)
    #expect(file.count > 1 << 16)
    for exponent in 0..<24 where 1 << exponent < file.count {
      let error = #expect(throws: ImageError.self) { try decoder.decodeGray(Array(file.prefix(1 << exponent))) }
      #expect(error?.code == (exponent < (kind == "PNG" ? 3 : 2) ? .notAnImage : .corrupt))
    }
  }

  @Test("crops, features and quality have their shapes, wherever the face lies", arguments: UInt32(0)..<100)
  func features(seed: UInt32) {
    var next = Choice(state: seed &+ 1000)
    let image = picture(&next, upTo: 150)
    let width = next(1...image.width)
    let height = next(1...image.height)
    // At the border as often as inside.
    func corner(_ room: Int) -> Int { [0, room, next(0...room)][next(0...2)] }
    let face = PixelRect(
      x: corner(image.width - width), y: corner(image.height - height), width: width, height: height)
    #expect(face.fits(width: image.width, height: image.height))
    let crops = FaceCrops(of: face, in: image)
    #expect(crops.vgg.bounds == PixelRect(x: 0, y: 0, width: 224, height: 224))
    #expect(crops.hog.width == 64 && crops.hog.height == 64 && crops.sift.width == 112 && crops.sift.height == 112)
    let range = (image.pixels.min()!, image.pixels.max()!)
    #expect(crops.vgg.pixels.allSatisfy { $0 >= range.0 && $0 <= range.1 })
    for normalization in HistogramOfGradients.Normalization.allCases {
      let grid = HistogramOfGradients(normalization: normalization).grid(of: crops.hog)
      #expect(grid.count == 1764 && grid.allSatisfy { $0 >= 0 && $0 <= 1 })
    }
    #expect((0...10_000).contains(FaceQuality(face: face, crops: crops).score))
  }
}
