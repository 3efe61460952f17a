import Foundation
import ImageIO
import Testing
import Vision

/// The pictures in docs/events, which producers try first.
@Suite("Pictures of the documentation's events")
struct ExamplePictureTests {
  private static let folder = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/events")

  /// Every picture of a JSON file, wherever it stands, with the box of the face that comes with it.
  private func frames(in value: Any) -> [(picture: [UInt8], box: [Int])] {
    switch value {
    case let object as [String: Any]:
      let nested = object.values.flatMap(frames)
      guard let text = object["data_base64"] as? String, let data = Data(base64Encoded: text) else { return nested }
      let box = (object["facebox"] as? String)?.split(separator: ",").compactMap { Int($0) } ?? []
      return [([UInt8](data), box)] + nested
    case let list as [Any]: return list.flatMap(frames)
    default: return []
    }
  }

  @Test(
    "they are pictures, and their faces lie inside", arguments: ["examples/frame-structured.json", "asyncapi.json"])
  func pictures(name: String) throws {
    let json = try Data(contentsOf: Self.folder.appending(path: name))
    let frames = frames(in: try JSONSerialization.jsonObject(with: json))
    #expect(frames.count == 1)
    for (file, box) in frames {
      let picture = try PictureDecoder().decodeGray(file)
      try #require(box.count == 4)
      let face = PixelRect(x: box[0], y: box[1], width: box[2], height: box[3])
      #expect(face.fits(width: picture.width, height: picture.height))
    }
  }
}
