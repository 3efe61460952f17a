import Foundation
import Testing
import VisionTestSupport

/// A small image file and the gray pixels expected of it.
struct ImageFixture: Sendable, CustomTestStringConvertible {
  let name: String
  let file: [UInt8]
  let width: Int
  let height: Int
  let gray: [UInt8]
  let tolerance: Int

  var testDescription: String { name }

  static let all: [ImageFixture] = {
    let record = try? Golden.load(Record.self, "vision/images.json")
    return (record?.cases ?? []).map {
      ImageFixture(
        name: $0.name, file: bytes($0.file), width: $0.width, height: $0.height, gray: bytes($0.gray),
        tolerance: $0.tolerance)
    }
  }()

  static func named(_ name: String) -> ImageFixture { all.first { $0.name == name }! }

  private static func bytes(_ base64: String) -> [UInt8] { [UInt8](Data(base64Encoded: base64) ?? Data()) }

  private struct Record: Decodable {
    struct Case: Decodable {
      let name: String
      let file: String
      let width: Int
      let height: Int
      let gray: String
      let tolerance: Int
    }
    let cases: [Case]
  }
}
