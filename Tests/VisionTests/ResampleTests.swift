import Testing
import Vision
import VisionTestSupport

@Suite("Cropping and resizing")
struct ResampleTests {
  @Test("halving averages 2×2 pixels and rounds half up")
  func halving() {
    let image = GrayImage(width: 4, height: 2, pixels: [0, 1, 10, 11, 0, 1, 10, 12])
    #expect(image.resampled(width: 2, height: 1).pixels == [1, 11])
  }

  @Test("a fractional ratio weighs pixels by overlap")
  func fractionalArea() {
    // 3 → 2: the middle pixel belongs half to each side: (2·0 + 30) / 3 and (30 + 2·90) / 3.
    let image = GrayImage(width: 3, height: 1, pixels: [0, 30, 90])
    #expect(image.resampled(width: 2, height: 1).pixels == [10, 70])
  }

  @Test("growing is bilinear between pixel centres")
  func growing() {
    // 2 → 4: centres at −0.25, 0.25, 0.75, 1.25.
    let image = GrayImage(width: 2, height: 1, pixels: [0, 100])
    #expect(image.resampled(width: 4, height: 1).pixels == [0, 25, 75, 100])
    // Half up: 0.5 becomes 1 at the quarter of two.
    #expect(GrayImage(width: 2, height: 1, pixels: [0, 2]).resampled(width: 4, height: 1).pixels == [0, 1, 2, 2])
  }

  @Test("the same size is the same picture")
  func identity() {
    let image = TestPictures.noise(width: 17, height: 9, seed: 1)
    #expect(image.resampled(width: 17, height: 9) == image)
  }

  @Test("a crop beyond the edges repeats them")
  func replicatedEdges() {
    let image = GrayImage(width: 2, height: 2, pixels: [1, 2, 3, 4])
    let crop = image.resampled(PixelRect(x: -1, y: -1, width: 4, height: 4), width: 4, height: 4)
    #expect(crop.pixels == [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4])
    let outside = image.resampled(PixelRect(x: 5, y: -9, width: 2, height: 1), width: 2, height: 1)
    #expect(outside.pixels == [2, 2])
  }

  @Test("resizing a window equals resizing a copy of it", arguments: UInt32(0)..<60)
  func windowEqualsCopy(seed: UInt32) {
    var state = seed
    func next(_ range: ClosedRange<Int>) -> Int {
      state = TestPictures.mix(state &+ 0x9E37_79B9)
      return range.lowerBound + Int(state) % range.count
    }
    let image = TestPictures.noise(width: next(1...40), height: next(1...40), seed: seed)
    let rect = PixelRect(x: next(-60...60), y: next(-60...60), width: next(1...90), height: next(1...90))
    let width = next(1...50)
    let height = next(1...50)
    let copy = image.resampled(rect, width: rect.width, height: rect.height)
    #expect(image.resampled(rect, width: width, height: height) == copy.resampled(width: width, height: height))
    #expect(copy.resampled(width: width, height: height) == Self.plain(copy, width: width, height: height))
  }

  @Test("a far too large window costs no more than the picture")
  func hugeWindow() {
    let image = GrayImage(width: 1, height: 3, pixels: [0, 90, 255])
    let huge = PixelRect(x: -50_000_000, y: -50_000_000, width: 100_000_000, height: 100_000_000)
    let crop = image.resampled(huge, width: 2, height: 2)
    #expect(crop.pixels == [0, 0, 255, 255])
  }

  @Test("the square about a face has side 1.25·max(w, h), rounded half up")
  func faceSquare() {
    #expect(
      PixelRect(x: 10, y: 20, width: 100, height: 80).faceSquare == PixelRect(x: -2, y: -2, width: 125, height: 125))
    // 1.25·2 = 2.5 → 3; corner −0.5 → 0.
    #expect(PixelRect(x: 0, y: 0, width: 2, height: 2).faceSquare == PixelRect(x: 0, y: 0, width: 3, height: 3))
    #expect(PixelRect(x: 3, y: 3, width: 1, height: 1).faceSquare == PixelRect(x: 3, y: 3, width: 1, height: 1))
  }

  @Test("a face box is checked without overflow")
  func fits() {
    #expect(PixelRect(x: 1, y: 1, width: 3, height: 3).fits(width: 4, height: 4))
    #expect(!PixelRect(x: 2, y: 1, width: 3, height: 3).fits(width: 4, height: 4))
    #expect(!PixelRect(x: Int.max, y: 0, width: Int.max, height: 1).fits(width: 4, height: 4))
    #expect(!PixelRect(x: 0, y: 0, width: 0, height: 1).fits(width: 4, height: 4))
    #expect(!PixelRect(x: -1, y: 0, width: 1, height: 1).fits(width: 4, height: 4))
  }

  @Test("the three crops have their sizes, and come from the largest")
  func crops() {
    let image = TestPictures.blobs(width: 90, height: 70, seed: 5)
    let crops = FaceCrops(of: PixelRect(x: 60, y: 0, width: 30, height: 28), in: image)
    #expect(crops.vgg.bounds == PixelRect(x: 0, y: 0, width: 224, height: 224))
    #expect(crops.hog == crops.vgg.resampled(width: 64, height: 64))
    #expect(crops.sift == crops.vgg.resampled(width: 112, height: 112))
  }

  /// The definition in Double, pixel by pixel.
  private static func plain(_ image: GrayImage, width: Int, height: Int) -> GrayImage {
    func weights(_ source: Int, _ outputs: Int, _ output: Int) -> [(Int, Double)] {
      let ratio = Double(source) / Double(outputs)
      if source >= outputs {
        return (0..<source).map { pixel in
          let overlap = min(Double(output + 1) * ratio, Double(pixel + 1)) - max(Double(output) * ratio, Double(pixel))
          return (pixel, max(overlap, 0) / ratio)
        }
      }
      let position = (Double(output) + 0.5) * ratio - 0.5
      let base = position.rounded(.down)
      let low = min(max(Int(base), 0), source - 1)
      return [(low, 1 - (position - base)), (min(max(Int(base) + 1, 0), source - 1), position - base)]
    }
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        var sum = 0.0
        for (row, vertical) in weights(image.height, height, y) {
          for (column, horizontal) in weights(image.width, width, x) {
            sum += vertical * horizontal * Double(image[column, row])
          }
        }
        // 1e-9: a sum that is a half in exact numbers may be a hair less in Double.
        pixels.append(UInt8((sum + 0.5 + 1e-9).rounded(.down)))
      }
    }
    return GrayImage(width: width, height: height, pixels: pixels)
  }
}
