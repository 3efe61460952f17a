import Testing
import Vision
import VisionTestSupport

@Suite("Quality of a face")
struct FaceQualityTests {
  private func quality(_ image: GrayImage) -> FaceQuality {
    FaceQuality(face: image.bounds, crops: FaceCrops(of: image.bounds, in: image))
  }

  @Test("a structured picture of good size is usable")
  func usable() {
    let result = quality(TestPictures.blobs(width: 160, height: 160, seed: 2))
    #expect(result.isUsable && result.score > 0 && result.score <= 10_000)
    #expect(result.sidePixels == 160)
  }

  @Test("black, white and flat pictures are not", arguments: [UInt8(0), 3, 128, 255])
  func flat(value: UInt8) {
    let result = quality(GrayImage(width: 200, height: 200, repeating: value))
    #expect(!result.isUsable && result.score == 0)
    #expect(result.brightness == Float(value) && result.sharpness == 0)
  }

  @Test("a tiny face is not")
  func tiny() {
    #expect(!quality(TestPictures.noise(width: 12, height: 12, seed: 2)).isUsable)
  }

  @Test("blur lowers the score")
  func blur() {
    let sharp = TestPictures.blobs(width: 224, height: 224, seed: 8)
    let blurred = sharp.resampled(width: 14, height: 14).resampled(width: 224, height: 224)
    #expect(quality(blurred).sharpness < quality(sharp).sharpness)
    #expect(quality(blurred).score <= quality(sharp).score)
  }

  /// Squares of two grays, ±`contrast` about `mean`.
  private func checkerboard(side: Int = 224, square: Int = 8, mean: Int, contrast: Int = 6) -> GrayImage {
    let pixels = (0..<(side * side)).map { index -> UInt8 in
      let isLight = (index % side / square + index / side / square) % 2 == 1
      return UInt8(mean + (isLight ? contrast : -contrast))
    }
    return GrayImage(width: side, height: side, pixels: pixels)
  }

  @Test("the size limit lies at 24 pixels")
  func sizeLimit() {
    let large = checkerboard(mean: 128, contrast: 60)
    for (side, isUsable) in [(24, false), (25, true), (60, true)] {
      let face = PixelRect(x: 100, y: 100, width: side - 4, height: side)
      let result = FaceQuality(face: face, crops: FaceCrops(of: face, in: large))
      #expect(result.sidePixels == side && result.isUsable == isUsable, "\(side)")
    }
  }

  @Test("the brightness limits lie at 20 and 235", arguments: [(19, false), (22, true), (233, true), (236, false)])
  func brightnessLimits(mean: Int, isUsable: Bool) {
    let result = quality(checkerboard(mean: mean))
    #expect(abs(result.brightness - Float(mean)) < 1 && result.clippedShare == 0)
    #expect(result.isUsable == isUsable)
  }

  @Test("the limit of what is black or white lies at 0.6", arguments: [(0.55, true), (0.65, false)])
  func clippingLimit(share: Double, isUsable: Bool) {
    var image = checkerboard(mean: 128, contrast: 60)
    let columns = Int(share * 224)
    // Black and white in broad halves, so that few pixels of the crop mix both.
    for y in 0..<224 { for x in 0..<columns { image[x, y] = y < 112 ? 0 : 255 } }
    let face = PixelRect(x: 22, y: 22, width: 180, height: 180)
    let result = FaceQuality(face: face, crops: FaceCrops(of: face, in: image))
    #expect(abs(Double(result.clippedShare) - share) < 0.04)
    #expect(result.isUsable == isUsable)
  }

  @Test("the sharpness limit lies at 5", arguments: [(1, false), (8, true)])
  func sharpnessLimit(contrast: Int, isUsable: Bool) {
    let result = quality(checkerboard(square: 56, mean: 128, contrast: contrast))
    #expect((result.sharpness > 5) == isUsable)
    #expect(result.isUsable == isUsable)
  }
}
