import Foundation
import OpenCV
import Vision

/// The measures that quality is judged by, over the faces found in photographs, and what becomes of the same faces when
/// they are darkened, brightened, blurred or shrunk.
enum QualityTable {
  private struct Face {
    let image: GrayImage
    let box: PixelRect
    var quality: FaceQuality { FaceQuality(face: box, crops: FaceCrops(of: box, in: image)) }

    func changed(_ level: (Double) -> Double) -> Face {
      let table = (0..<256).map { UInt8(min(max(level(Double($0)).rounded(), 0), 255)) }
      return Face(
        image: GrayImage(width: image.width, height: image.height, pixels: image.pixels.map { table[Int($0)] }),
        box: box)
    }

    /// As if the face had been `pixels` wide, at its old size.
    func blurred(to pixels: Int) -> Face {
      let factor = Double(pixels) / Double(box.longestSide)
      let width = max(1, Int(Double(image.width) * factor))
      let height = max(1, Int(Double(image.height) * factor))
      return Face(
        image: image.resampled(width: width, height: height).resampled(width: image.width, height: image.height),
        box: box)
    }

    /// The same face, that many pixels wide.
    func shrunk(to pixels: Int) -> Face {
      let factor = Double(pixels) / Double(box.longestSide)
      let small = image.resampled(
        width: max(pixels, Int((Double(image.width) * factor).rounded())),
        height: max(pixels, Int((Double(image.height) * factor).rounded())))
      let x = min(Int(Double(box.x) * factor), small.width - pixels)
      let y = min(Int(Double(box.y) * factor), small.height - pixels)
      return Face(image: small, box: PixelRect(x: x, y: y, width: pixels, height: pixels))
    }
  }

  static func print(_ photographs: [GrayImage], say: (String) -> Void) throws {
    let detector = try CascadeFaceDetector()
    let faces = try photographs.compactMap { image in
      try detector.detect(in: image).faces.first.map { Face(image: image, box: $0) }
    }
    say("\(faces.count) of \(photographs.count) photographs have a face")
    say("| measure | 1 % | 5 % | 50 % | 95 % | 99 % |")
    say("|---|---:|---:|---:|---:|---:|")
    let qualities = faces.map(\.quality)
    row("side", qualities.map { Double($0.sidePixels) }, say)
    row("sharpness", qualities.map { Double($0.sharpness) }, say)
    row("brightness", qualities.map { Double($0.brightness) }, say)
    row("clipped share", qualities.map { Double($0.clippedShare) }, say)
    row("score", qualities.map { Double($0.score) }, say)
    say("| variant | usable | median score |")
    say("|---|---:|---:|")
    // Variants of good faces, so that one thing at a time is to blame.
    let good = faces.filter { $0.quality.score >= 5000 && $0.box.longestSide >= 96 }
    variant("as they are", good, say)
    for gain in [0.5, 0.3, 0.2, 0.1, 0.05] { variant("×\(gain)", good.map { $0.changed { $0 * gain } }, say) }
    for gain in [1.5, 2, 3, 5] { variant("×\(gain)", good.map { $0.changed { $0 * gain } }, say) }
    for pixels in [32, 16, 12, 8, 6, 4] {
      variant("blurred to \(pixels) px", good.map { $0.blurred(to: pixels) }, say)
    }
    for pixels in [64, 48, 32, 25, 24] { variant("\(pixels) px wide", good.map { $0.shrunk(to: pixels) }, say) }
  }

  private static func row(_ name: String, _ values: [Double], _ say: (String) -> Void) {
    let sorted = values.sorted()
    let cells = [0.01, 0.05, 0.5, 0.95, 0.99].map { share in
      String(format: " %.2f |", sorted[Int((share * Double(sorted.count - 1)).rounded())])
    }
    say("| \(name) |" + cells.joined())
  }

  private static func variant(_ name: String, _ faces: [Face], _ say: (String) -> Void) {
    let scores = faces.map(\.quality.score).sorted()
    let usable = Double(scores.count { $0 > 0 }) / Double(max(scores.count, 1))
    say(String(format: "| \(name) | %.1f %% | %d |", 100 * usable, Int(scores[scores.count / 2])))
  }
}
