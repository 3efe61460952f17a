import Testing
import Vision
import VisionTestSupport

@Suite("The picture about one recognition")
struct FaceOverlayTests {
  /// Every letter a box, so that lines have a length.
  private struct Boxes: TextRendering {
    func mask(of text: String, capHeight: Int, isBold: Bool) -> TextMask {
      TextMask(
        coverage: GrayImage(width: max(1, text.count) * capHeight + 4, height: 2 * capHeight, repeating: 255),
        baseline: capHeight, margin: 2)
    }
  }

  private static func face(_ seed: UInt32, keypoints: [Keypoint] = []) -> FaceOverlay.Face {
    let crop = TestPictures.blobs(width: 224, height: 224, seed: seed)
    return FaceOverlay.Face(
      crop: crop, hog: HistogramOfGradients().grid(of: crop.resampled(width: 64, height: 64)), keypoints: keypoints)
  }

  private func contains(_ colour: Colour, _ image: RGBImage, _ area: PixelRect? = nil) -> Bool {
    let area = area ?? PixelRect(x: 0, y: 0, width: image.width, height: image.height)
    for y in area.y..<area.y + area.height {
      for x in area.x..<area.x + area.width {
        let index = 3 * (y * image.width + x)
        if image.pixels[index] == colour.red, image.pixels[index + 1] == colour.green,
          image.pixels[index + 2] == colour.blue
        {
          return true
        }
      }
    }
    return false
  }

  @Test("a glyph's line runs along the edge")
  func edges() throws {
    // Brightness grows to the right alone: the edges run from top to bottom.
    let ramp = GrayImage(width: 64, height: 64, pixels: (0..<4096).map { UInt8($0 % 64 * 4) })
    let glyphs = HOGGlyphs(grid: HistogramOfGradients().grid(of: ramp))
    for cell in 0..<64 {
      let bins = glyphs.weights[cell * 9..<cell * 9 + 9]
      #expect(bins.first! > 0.2 && bins.dropFirst().allSatisfy { $0 == 0 }, "cell \(cell)")
    }
    var canvas = Canvas(width: 64, height: 64, background: Colour(0, 0, 0))
    glyphs.draw(in: PixelRect(x: 0, y: 0, width: 64, height: 64), on: &canvas, Colour(255, 255, 255))
    func ink(_ x: Int, _ y: Int) -> Int { Int(canvas.image.pixels[3 * (y * 64 + x)]) }
    #expect(ink(36, 33) + ink(36, 38) > 100)
    #expect(ink(33, 36) + ink(39, 36) < 40)
  }

  @Test("a cell's glyph is the mean over the blocks it stands in")
  func means() {
    var grid = [Float](repeating: 0, count: HOGGlyphs.valueCount)
    // Bin 3 of the cell (1, 1): the last corner of block (0, 0), and the first of block (1, 1).
    grid[(3 * 9 + 3) * 49 + 0] = 1
    grid[(0 * 9 + 3) * 49 + 8] = 0.5
    // Bin 0 of the cell (0, 0), which stands in one block alone.
    grid[0] = 0.25
    let weights = HOGGlyphs(grid: grid).weights
    #expect(weights[(1 * 8 + 1) * 9 + 3] == 0.375)
    #expect(weights[0] == 0.25)
    #expect(weights.count { $0 != 0 } == 2)
  }

  @Test("boxes, keypoints and the best bar are there, each in its colour")
  func parts() throws {
    let keypoints = [
      Keypoint(
        x: 55.5, y: 55.5, response: 1, diameter: 12, angleDegrees: 90, descriptor: .init(repeating: 0, count: 128)),
      Keypoint(x: 57, y: 57, response: 0.5, descriptor: .init(repeating: 0, count: 128)),
    ]
    let picture = TestPictures.blobs(width: 320, height: 240, seed: 5)
    let box = PixelRect(x: 100, y: 60, width: 90, height: 90)
    let overlay = FaceOverlay(
      title: "happy", notice: "untrained", picture: picture, faces: [box], face: Self.face(5, keypoints: keypoints),
      bars: [.init(label: "happy", share: 0.75), .init(label: "tired", share: 0.25)], facts: ["one", "two"])
    let image = try overlay.drawn(with: Boxes())
    #expect(image.width == 1500 && image.height == 836)
    let orange = Colour(255, 159, 28)
    #expect(contains(orange, image, PixelRect(x: 28, y: 92, width: 536, height: 430)))
    // The stronger keypoint stands in the middle of the second panel and is kept.
    #expect(contains(orange, image, PixelRect(x: 588 + 215 - 3, y: 92 + 215 - 3, width: 6, height: 6)))
    #expect(contains(Colour(31, 90, 166), image))
    #expect(contains(Colour(176, 32, 48), image))
    var plain = overlay
    plain.notice = nil
    #expect(try contains(Colour(176, 32, 48), plain.drawn(with: Boxes())) == false)
  }

  @Test(
    "any picture can be drawn",
    arguments: [(1, 1), (1, 10_000), (10_000, 1), (3, 2), (1200, 900)])
  func anySize(width: Int, height: Int) throws {
    let picture = GrayImage(width: width, height: height, repeating: 90)
    _ = try FaceOverlay(title: "no face", picture: picture).drawn(with: Boxes())
    // A face that fills the picture: the square about it reaches beyond every edge.
    let odd = Keypoint(
      x: .nan, y: .infinity, response: .nan, diameter: .infinity, angleDegrees: .nan,
      descriptor: .init(repeating: 0, count: 128))
    let image = try FaceOverlay(
      title: String(repeating: "x", count: 900), picture: picture, faces: [picture.bounds],
      face: Self.face(1, keypoints: [odd]), bars: [.init(label: "", share: .infinity), .init(label: "", share: .nan)],
      facts: .init(repeating: String(repeating: "long ", count: 100), count: 40)
    ).drawn(with: Boxes())
    #expect(image.width == 1500)
  }

  @Test("percentages have one decimal")
  func percent() {
    #expect(FaceOverlay.percent(0.6132) == "61.3 %")
    #expect(FaceOverlay.percent(1) == "100.0 %")
    #expect(FaceOverlay.percent(0) == "0.0 %")
  }
}
