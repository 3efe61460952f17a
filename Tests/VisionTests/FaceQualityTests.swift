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
}
