import Cryptography
import DeviationReporting
import Foundation
import Recognition
import Tensors
import Testing
import Vision

/// Bounds, layouts and their statistics against numpy.
@Suite struct LayoutGoldenTests {
  private let golden: LayoutGolden

  init() throws { golden = try LayoutGolden.read() }

  private func report(_ part: String) -> DeviationReport {
    DeviationReport(part, against: golden.reference, tolerance: 1e-6)
  }

  @Test func imageIsNormalisedAsImageNetIs() {
    var report = report("layout image, max|Δ|")
    // A ramp of all grays, so that every row of the table is met in every channel.
    let crop = GrayImage(width: 224, height: 224, pixels: (0..<224 * 224).map { UInt8($0 % 256) })
    let tensor = ImageLayout().tensor(of: [FrameFeatures(crop: crop)])
    #expect(tensor.shape == [1, 3, 224, 224])
    for channel in 0..<3 {
      for gray in 0..<256 {
        report.include(abs(Double(tensor[channel * 50_176 + gray]) - golden.image[channel][gray]))
      }
      // The same gray gives the same number wherever it stands.
      for pixel in stride(from: 256, to: 50_176, by: 97) {
        #expect(tensor[channel * 50_176 + pixel] == tensor[channel * 50_176 + pixel % 256])
      }
    }
    #expect(report.isWithinTolerance, "\(report.worst)")
    report.publish()
  }

  @Test func boundsAreExact() throws {
    for width in golden.widths {
      let training = (0..<2).map { golden.face($0, cnnChannels: width.cnn_channels) }
      let bounds = try #require(FamilyBounds(of: training))
      for family in FeatureFamily.allCases {
        let expected = try #require(width.bounds[family.rawValue])
        #expect([Double(bounds[family].minimum), Double(bounds[family].maximum)] == expected)
      }
    }
  }

  @Test func normalisationClipsToBounds() throws {
    var report = report("normalisation to bounds, max|Δ|")
    for width in golden.widths {
      let fused = try fused(width)
      for family in FeatureFamily.allCases {
        let values = fused[family]
        let expected = try #require(width.normalized[family.rawValue])
        let positions = golden.positions("normalized \(family.rawValue)", below: values.count)
        for (position, value) in zip(positions, expected) { report.include(abs(Double(values[position]) - value)) }
        // The face goes beyond the bounds it was not measured for.
        #expect(values.contains(0) || values.contains(1))
        #expect(values.allSatisfy { (0...1).contains($0) })
      }
    }
    #expect(report.isWithinTolerance, "\(report.worst)")
    report.publish()
  }

  /// Saturated, constant and not-a-number features under ordinary, equal and extreme bounds.
  @Test func edgesOfNormalisation() {
    var report = report("normalisation at the edges of Float, max|Δ|")
    for edge in golden.edges {
      let bounds = FeatureBounds(minimum: Float(bitPattern: edge.minimum), maximum: Float(bitPattern: edge.maximum))
      let values = bounds.normalized(edge.values.map { Float(bitPattern: $0) })
      for (value, expected) in zip(values, edge.expected) { report.include(abs(Double(value) - expected)) }
      #expect(values.count == edge.expected.count)
      if edge.minimum == edge.maximum { #expect(values.allSatisfy { $0 == 0 }) }
    }
    #expect(report.isWithinTolerance, "\(report.worst)")
    report.publish()
  }

  @Test func statisticsOfPlanes() throws {
    var report = report("statistics of planes, max|Δ|")
    for width in golden.widths {
      let statistics = try statistics(width)
      for (own, expected) in zip(statistics, width.statistics) {
        report.include(abs(Double(own.mean) - expected[0]))
        report.include(abs(Double(own.deviation) - expected[1]))
      }
    }
    #expect(report.isWithinTolerance, "\(report.worst)")
    report.publish()
  }

  @Test func planesAreTiledAndStandardised() throws {
    var report = report("layout planes, max|Δ|/max|reference|")
    for width in golden.widths {
      let layout = PlanesLayout(cnnChannels: width.cnn_channels, statistics: try statistics(width))
      let tensor = layout.tensor(of: [try fused(width)])
      let largest = width.planes.map(abs).max() ?? 0
      for (position, value) in zip(golden.positions("planes", below: tensor.count), width.planes) {
        report.include(abs(Double(tensor[position]) - value) / largest)
      }
    }
    #expect(report.isWithinTolerance, "\(report.worst)")
    report.publish()
  }

  @Test func gridIsTheFamiliesInOrder() throws {
    var report = report("layout grid, max|Δ|")
    for width in golden.widths {
      let tensor = GridLayout(cnnChannels: width.cnn_channels).tensor(of: [try fused(width)])
      for (position, value) in zip(golden.positions("grid", below: tensor.count), width.grid) {
        report.include(abs(Double(tensor[position]) - value))
      }
    }
    #expect(report.isWithinTolerance, "\(report.worst)")
    report.publish()
  }

  /// Features that name their place: every number of both layouts is where numpy puts it, bit for bit.
  @Test(arguments: [512, 256, 128])
  func placesAreExact(cnnChannels: Int) throws {
    let width = try #require(golden.widths.first { $0.cnn_channels == cnnChannels })
    func named(_ base: Int, _ channels: Int) -> [Float] { (0..<channels * 49).map { Float($0 + base) } }
    let face = FrameFeatures(
      crop: GrayImage(width: 224, height: 224, repeating: 0), cnn: named(0, cnnChannels), hog: named(100_000, 36),
      sift: named(200_000, 128))
    func digest(_ tensor: Tensor<Float>) -> String {
      tensor.withUnsafeBufferPointer { Hex.encode(SHA256.hash(UnsafeRawBufferPointer($0))) }
    }
    #expect(digest(PlanesLayout(cnnChannels: cnnChannels).tensor(of: [face])) == width.planes_sha256)
    #expect(digest(GridLayout(cnnChannels: cnnChannels).tensor(of: [face])) == width.grid_sha256)
  }

  @Test func layoutsSayWhatTheyRead() {
    #expect(ImageLayout().families.isEmpty)
    #expect(PlanesLayout(cnnChannels: 512).families == [.cnn, .hog, .sift])
    #expect(GridLayout(cnnChannels: 512).families == [.cnn, .hog, .sift])
    // What a layout does not read may be missing.
    let bare = FrameFeatures(crop: GrayImage(width: 224, height: 224, repeating: 7))
    #expect(ImageLayout().tensor(of: [bare, bare]).shape == [2, 3, 224, 224])
  }

  /// The third face by the bounds of the first two.
  private func fused(_ width: LayoutGolden.Width) throws -> FrameFeatures {
    let training = (0..<2).map { golden.face($0, cnnChannels: width.cnn_channels) }
    let bounds = try #require(FamilyBounds(of: training))
    return golden.face(2, cnnChannels: width.cnn_channels).fused(bounds)
  }

  private func statistics(_ width: LayoutGolden.Width) throws -> [PlanesLayout.Statistics] {
    let training = (0..<2).map { golden.face($0, cnnChannels: width.cnn_channels) }
    let bounds = try #require(FamilyBounds(of: training))
    return PlanesLayout.measured(on: training.map { $0.fused(bounds) }, cnnChannels: width.cnn_channels)
  }
}
