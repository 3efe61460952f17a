import DeviationReporting
import Foundation
import Testing
import Vision
import VisionTestSupport

@Suite("Resizing against OpenCV")
struct ResampleGoldenTests {
  struct Reference: Decodable {
    struct Case: Decodable {
      let kind: String
      let seed: UInt32
      let width: Int
      let height: Int
      let newWidth: Int
      let newHeight: Int
      let crc32: UInt32
      let exact: String
      let whole: String
    }
    let opencv: String
    let samples: UInt32
    let cases: [Case]
  }

  /// Rounding to the nearest level moves a number by at most a half; OpenCV's 8-bit arithmetic, which keeps 11 bits of
  /// a weight and rounds halves to even, by at most a level more.
  @Test("a resized picture is OpenCV's unrounded one, rounded")
  func equalsOpenCV() throws {
    let reference = try Golden.load(Reference.self, "vision/resample.json")
    #expect(reference.cases.count == 16)
    var exact = DeviationReport(
      "resizing by area and bilinear, 16 pictures, max|Δ| of 255 from the unrounded number",
      against: "OpenCV \(reference.opencv) in float64", tolerance: 0.5 + 2e-5)
    var whole = DeviationReport(
      "resizing by area and bilinear, 16 pictures, max|Δ| of 255",
      against: "OpenCV \(reference.opencv) in 8 bits", tolerance: 1)
    for golden in reference.cases {
      let image = try #require(
        TestPictures.make(golden.kind, width: golden.width, height: golden.height, seed: golden.seed))
      #expect(Golden.crc32(image.pixels) == golden.crc32)
      let actual = image.resampled(width: golden.newWidth, height: golden.newHeight).pixels
      let (expected, bytes) = (Golden.floats(golden.exact), [UInt8](Data(base64Encoded: golden.whole) ?? Data()))
      try #require(expected.count == Int(reference.samples) && bytes.count == expected.count)
      for sample in 0..<reference.samples {
        let pixel = actual[Int(TestPictures.mix(golden.seed * 1000 + sample) % UInt32(actual.count))]
        exact.include(Double(abs(Float(pixel) - expected[Int(sample)])))
        whole.include(Double(abs(Int(pixel) - Int(bytes[Int(sample)]))))
      }
      #expect(exact.isWithinTolerance && whole.isWithinTolerance, "\(golden.kind) \(golden.seed)")
    }
    exact.publish()
    whole.publish()
  }
}
