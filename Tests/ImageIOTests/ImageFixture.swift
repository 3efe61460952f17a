import Foundation
import Testing
import VisionTestSupport

/// A small image file and the gray pixels expected of it.
struct ImageFixture: Sendable, CustomTestStringConvertible {
  let name: String
  let file: [UInt8]
  /// Bytes up to the picture's end; what lies behind is to be ignored.
  let length: Int
  let width: Int
  let height: Int
  let gray: [UInt8]
  let tolerance: Int

  var testDescription: String { name }
  var isPNG: Bool { name.hasPrefix("PNG") }

  /// What of the documentation's table it belongs to.
  var part: (name: String, reference: String) {
    if isPNG { return ("PNG to gray, max|Δ| of 255", "pixels packed by hand in numpy") }
    if ["CMYK", "YCCK", "RGB"].contains(where: { name.contains($0) }) {
      return ("JPEG of RGB, CMYK or YCCK to gray, max|Δ| of 255", "Pillow \(Self.record.pillow), luma in numpy")
    }
    return ("JPEG to gray (its Y channel), max|Δ| of 255", "Pillow \(Self.record.pillow)")
  }

  static let all: [ImageFixture] = record.cases.map {
    ImageFixture(
      name: $0.name, file: bytes($0.file), length: $0.length, width: $0.width, height: $0.height,
      gray: bytes($0.gray), tolerance: $0.tolerance)
  }

  static func named(_ name: String) -> ImageFixture { all.first { $0.name == name }! }

  /// Files of formats that are not read, by the format's name.
  static let refused: [(format: String, file: [UInt8])] = record.refused.map { ($0.format, bytes($0.file)) }

  /// Colour JPEG files and the luma of the RGB pixels that Pillow makes of them.
  static let lumaOfRGB: [(name: String, file: [UInt8], gray: [UInt8])] = record.lumaOfRGB.map {
    ($0.name, bytes($0.file), bytes($0.gray))
  }

  private static let record =
    (try? Golden.load(Record.self, "vision/images.json")) ?? Record(pillow: "", cases: [], refused: [], lumaOfRGB: [])

  private static func bytes(_ base64: String) -> [UInt8] { [UInt8](Data(base64Encoded: base64) ?? Data()) }

  private struct Record: Decodable {
    struct Case: Decodable {
      let name: String
      let file: String
      let length: Int
      let width: Int
      let height: Int
      let gray: String
      let tolerance: Int
    }
    struct Refused: Decodable {
      let format: String
      let file: String
    }
    struct Luma: Decodable {
      let name: String
      let file: String
      let gray: String
    }
    let pillow: String
    let cases: [Case]
    let refused: [Refused]
    let lumaOfRGB: [Luma]
  }
}
