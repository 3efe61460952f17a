import Testing
import Vision
import VisionTestSupport

@Suite("Crops of a face")
struct FaceCropsTests {
  /// Numbers of a fixed sequence.
  private struct Draws {
    var state: UInt32
    mutating func next(_ range: ClosedRange<Int>) -> Int {
      state &+= 1
      return range.lowerBound + Int(TestPictures.mix(state)) % range.count
    }
  }

  private func check(_ image: GrayImage, _ face: PixelRect) {
    let crops = FaceCrops(of: face, in: image)
    for (crop, side) in [(crops.vgg, 224), (crops.hog, 64), (crops.sift, 112)] {
      #expect(crop.width == side && crop.height == side && crop.pixels.count == side * side)
    }
    // Edges are replicated, so no crop shows a gray that the picture has not.
    let low = image.pixels.min()!
    let high = image.pixels.max()!
    for crop in [crops.vgg, crops.hog, crops.sift] {
      #expect(crop.pixels.min()! >= low && crop.pixels.max()! <= high, "\(image.width)×\(image.height), \(face)")
    }
    #expect(FaceQuality(face: face, crops: crops).score >= 0)
  }

  @Test("have their shapes whatever the picture and the face")
  func property() {
    var draws = Draws(state: 7)
    for round in 0..<120 {
      let width = round % 5 == 0 ? draws.next(1...3) : draws.next(1...300)
      let height = round % 7 == 0 ? draws.next(1...3) : draws.next(1...300)
      let image = TestPictures.noise(width: width, height: height, seed: UInt32(round))
      let side = (width: draws.next(1...width), height: draws.next(1...height))
      check(
        image,
        PixelRect(
          x: draws.next(0...(width - side.width)), y: draws.next(0...(height - side.height)), width: side.width,
          height: side.height))
    }
  }

  @Test("of pictures that are a line or a point", arguments: [(1, 1), (1, 10_000), (10_000, 1), (2, 3000)])
  func extremes(width: Int, height: Int) {
    let image = TestPictures.noise(width: width, height: height, seed: 3)
    check(image, image.bounds)
    check(image, PixelRect(x: width - 1, y: height - 1, width: 1, height: 1))
    check(image, PixelRect(x: 0, y: 0, width: 1, height: 1))
  }

  @Test("repeat the edge where a face touches the border")
  func border() {
    var image = GrayImage(width: 100, height: 100, repeating: 50)
    for y in 0..<100 { for x in 0..<8 { image[x, y] = 200 } }
    // A square of 50 pixels about x = −5…: its first tenth lies outside and repeats the left column.
    let crop = FaceCrops(of: PixelRect(x: 0, y: 30, width: 40, height: 40), in: image).vgg
    #expect((0..<50).allSatisfy { crop[$0, 100] == 200 } && crop[223, 100] == 50)
  }

  @Test("of one gray are that gray", arguments: [UInt8(0), 1, 128, 255])
  func flat(value: UInt8) {
    let crops = FaceCrops(
      of: PixelRect(x: 0, y: 0, width: 31, height: 17), in: GrayImage(width: 33, height: 17, repeating: value))
    for crop in [crops.vgg, crops.hog, crops.sift] { #expect(crop.pixels.allSatisfy { $0 == value }) }
  }
}
