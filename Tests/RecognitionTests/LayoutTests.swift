import Recognition
import Tensors
import Testing
import Vision

/// Faces whose every number says where it stands.
private func face(cnnChannels: Int = 512) -> FrameFeatures {
  func family(_ channels: Int, _ base: Float) -> [Float] {
    // Channel c of cell i: base + c + i/100.
    (0..<channels * 49).map { base + Float($0 / 49) + Float($0 % 49) / 100 }
  }
  let crop = GrayImage(width: 224, height: 224, pixels: (0..<224 * 224).map { UInt8($0 % 251) })
  return FrameFeatures(crop: crop, cnn: family(cnnChannels, 0), hog: family(36, 1000), sift: family(128, 2000))
}

@Suite struct LayoutTests {
  /// Pixels worked out by hand from tile[y, x] = f[⌊yR/32⌋·K + ⌊xK/32⌋].
  @Test(arguments: [
    // CNN, 512 channels, (R, K) = (16, 32): two rows a channel row, one column a channel.
    (0, 0, 0, 0 as Float),
    (0, 0, 31, 31),
    (0, 1, 31, 31),
    (0, 2, 0, 32),
    (0, 31, 31, 511),
    // The next cell to the right, then the last cell of all (48).
    (0, 0, 32, 0.01),
    (0, 223, 223, 511.48),
    // HOG, 36 channels, (6, 6): 5⅓ pixels a channel; ⌊5·6/32⌋ = 0, ⌊6·6/32⌋ = 1, ⌊31·6/32⌋ = 5.
    (1, 0, 5, 1000),
    (1, 0, 6, 1001),
    (1, 6, 0, 1006),
    (1, 31, 31, 1035),
    (1, 32, 0, 1000.07),
    (1, 10, 16, 1009),
    // SIFT, 128 channels, (8, 16): four rows and two columns a channel.
    (2, 3, 1, 2000),
    (2, 0, 2, 2001),
    (2, 4, 0, 2016),
    (2, 31, 31, 2127),
  ])
  func planesTileEachCell(_ golden: (plane: Int, y: Int, x: Int, value: Float)) {
    let tensor = PlanesLayout(cnnChannels: 512).tensor(of: [face()])
    #expect(tensor.shape == [1, 3, 224, 224])
    #expect(abs(tensor[(golden.plane * 224 + golden.y) * 224 + golden.x] - golden.value) < 1e-3)
  }

  @Test func planesOfNarrowNetworks() {
    // 256 channels: (16, 16), two columns a channel; 128 channels: (8, 16).
    let half = PlanesLayout(cnnChannels: 256).tensor(of: [face(cnnChannels: 256)])
    #expect(half[2 * 224 + 2] == 17)
    #expect(half[31 * 224 + 31] == 255)
    let quarter = PlanesLayout(cnnChannels: 128).tensor(of: [face(cnnChannels: 128)])
    #expect(quarter[4 * 224 + 2] == 17)
    #expect(quarter[31 * 224 + 31] == 127)
  }

  @Test func planesAreStandardised() {
    let statistics: [PlanesLayout.Statistics] = [
      .init(mean: 100, deviation: 2), .init(mean: 1000, deviation: 10), .init(mean: 2000, deviation: 0.5),
    ]
    let tensor = PlanesLayout(cnnChannels: 512, statistics: statistics).tensor(of: [face()])
    #expect(tensor[0] == -50)
    #expect(tensor[224 * 224 + 6] == 0.1)
    #expect(tensor[2 * 224 * 224 + 2] == 2)
  }

  @Test func measuredStatisticsStandardise() {
    let faces = [face(), face()]
    let statistics = PlanesLayout.measured(on: faces, cnnChannels: 512)
    let tensor = PlanesLayout(cnnChannels: 512, statistics: statistics).tensor(of: faces)
    for plane in 0..<3 {
      var sum = 0.0
      var squares = 0.0
      for i in 0..<224 * 224 {
        let value = Double(tensor[plane * 224 * 224 + i])
        sum += value
        squares += value * value
      }
      #expect(abs(sum / 50_176) < 1e-3)
      #expect(abs(squares / 50_176 - 1) < 1e-3)
    }
  }

  @Test func constantPlanesStayFinite() {
    let flat = FrameFeatures(
      crop: GrayImage(width: 224, height: 224, repeating: 0), cnn: .init(repeating: 0, count: 512 * 49),
      hog: .init(repeating: 0.25, count: 36 * 49), sift: .init(repeating: 1, count: 128 * 49))
    for statistics in PlanesLayout.measured(on: [flat], cnnChannels: 512) { #expect(statistics.deviation == 1) }
  }

  @Test func gridStacksTheFamilies() {
    let tensor = GridLayout(cnnChannels: 512).tensor(of: [face(), face()])
    #expect(tensor.shape == [2, 676, 7, 7])
    let sample = 676 * 49
    #expect(tensor[0] == 0)
    #expect(tensor[512 * 49] == 1000)
    #expect(tensor[548 * 49 + 48] == 2000.48)
    #expect(tensor[sample + 675 * 49] == 2127)
  }

  @Test func imageIsTheNormalisedCrop() {
    let tensor = ImageLayout().tensor(of: [face()])
    // Pixel 250 of the first row is past the end of 224; pixel 5 has gray 5.
    let gray: Float = 5 / 255
    #expect(tensor[5] == (gray - 0.485) / 0.229)
    #expect(tensor[224 * 224 + 5] == (gray - 0.456) / 0.224)
    #expect(tensor[2 * 224 * 224 + 5] == (gray - 0.406) / 0.225)
  }
}
