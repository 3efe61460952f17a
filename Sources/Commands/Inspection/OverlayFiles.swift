import Arguments
import Files
import Foundation
import ImageIO
import LearningEvents
import Neural
import OpenCV
import PlainText
import Recognition
import Services
import Vision

/// Draws and writes the pictures of `lectern classify --overlay`: `OUT.png` for one picture, `OUT-1.png` and so on, by
/// the line of the answer, for several.
struct OverlayFiles: Sendable {
  private let stem: FilePath
  private let count: Int
  private let thread = ThreadExecutor(name: "draw")

  /// - Throws: `UsageError` for a name that is no PNG's, or where a picture that is to be looked at would be written
  ///   over.
  init(_ path: FilePath, for list: PictureList) throws {
    guard path.text.lowercased().hasSuffix(".png"), path.bytes.count > 4, !path.text.hasSuffix("/.png") else {
      throw UsageError("--overlay names a .png file")
    }
    stem = FilePath(bytes: path.bytes.dropLast(4))
    count = list.entries.count
    let inputs = Set(list.entries.map(\.file.resolved))
    for index in 0..<count where inputs.contains(name(of: index).resolved) {
      throw UsageError("--overlay would write over \(name(of: index).text.printable): name another file")
    }
  }

  /// The file of the answer's line `index`, counted from 0.
  func name(of index: Int) -> FilePath {
    let number = String(index + 1)
    let zeros = String(repeating: "0", count: String(count).count - number.count)
    return FilePath(bytes: stem.bytes + Array((count == 1 ? ".png" : "-\(zeros)\(number).png").utf8))
  }

  /// Draws one picture; nil where there is none to draw on.
  func write(_ picture: InspectedPicture, index: Int, with inspector: Inspector, on stream: Inspector.Stream)
    async throws -> String?
  {
    guard picture.status.isPicture, let inspection = picture.inspection else { return nil }
    let request = RecognitionRequest(bytes: picture.bytes)
    let appearance = try await inspector.appearance(of: request, face: inspection.face, on: stream)
    let labels = inspector.model.labels.map(\.printable)
    var overlay = FaceOverlay(title: Self.title(picture, labels), picture: appearance.picture)
    overlay.notice = inspector.model.trained ? nil : "UNTRAINED NETWORK: this says nothing about anyone"
    if let face = inspection.face {
      overlay.faces = face.faces
      overlay.face = FaceOverlay.Face(crop: face.crops.vgg, hog: appearance.hog, keypoints: appearance.keypoints)
    }
    if let said = picture.said {
      overlay.bars = zip(labels, said.shares).map { FaceOverlay.Bar(label: $0, share: $1) }
    }
    overlay.facts = Self.facts(inspection, inspector)
    let path = name(of: index)
    let drawn = overlay
    try await thread.run { () throws in
      try OutputFile.write(PNGEncoder().encode(drawn.drawn(with: HersheyText())), to: path, .ownerOnly)
    }
    return path.text
  }

  private static func title(_ picture: InspectedPicture, _ labels: [String]) -> String {
    guard let said = picture.said else {
      return picture.status == .sample(.noFace) ? "no answer: no face found" : "no answer: low quality"
    }
    return "\(labels[said.label]) \(ClassifyTable.percent(said.shares[said.label])) %"
  }

  private static func facts(_ inspection: Inspection, _ inspector: Inspector) -> [String] {
    let model = inspector.model
    var facts = [
      "model \(inspector.modelID.text.prefix(12)): \(model.network), layout \(model.layout.rawValue), width \(model.width.rawValue)"
    ]
    if let face = inspection.face {
      let quality = face.quality
      let seen = face.count == 1 ? "1 face seen" : "\(face.count) faces seen"
      facts += [
        "face \(face.box.width) x \(face.box.height) at (\(face.box.x), \(face.box.y)), from: \(face.origin.rawValue), \(seen)",
        "quality \(ClassifyTable.share(quality.score)): side \(quality.sidePixels) px, sharpness "
          + String(format: "%.0f, brightness %.0f, ", quality.sharpness, quality.brightness)
          + "clipped \(ClassifyTable.percent(Double(quality.clippedShare))) %",
      ]
    }
    if let explanation = inspection.answer?.explanation {
      facts += ClassifyTable.lines(explanation, of: inspector)
    }
    return facts
  }
}
