import Foundation
import ImageIO
import OpenCV
import Vision

/// How many cells of the SIFT grid stay empty on detected real faces, by contrast threshold.
enum ThresholdTable {
  static let thresholds = [0.04, 0.02, 0.01, 0.005, 0.003, 0.002, 0.001, 0]

  static func print(folder: String) throws {
    let faces = try faces(in: folder)
    Swift.print("\(faces.count) faces")
    Swift.print(
      "| threshold | empty cells of 49: mean | median | p95 | faces with none empty | keypoints: mean | ms: median |")
    Swift.print("|---:|---:|---:|---:|---:|---:|---:|")
    for threshold in thresholds {
      let describer = SiftDescriber(contrastThreshold: threshold)
      var empty: [Int] = []
      var keypoints = 0
      var milliseconds: [Double] = []
      for face in faces {
        let start = VisionBenchmark.processorSeconds()
        let points = try describer.describe(face)
        let grid = KeypointGrid(points, width: face.width, height: face.height)
        milliseconds.append((VisionBenchmark.processorSeconds() - start) * 1000)
        empty.append(grid.emptyCells)
        keypoints += points.count
      }
      empty.sort()
      milliseconds.sort()
      let count = faces.count
      Swift.print(
        String(
          format: "| %@ | %.2f | %d | %d | %.1f %% | %.0f | %.2f |", "\(threshold)" as NSString,
          Double(empty.reduce(0, +)) / Double(count), empty[count / 2], empty[count * 95 / 100],
          100 * Double(empty.count { $0 == 0 }) / Double(count), Double(keypoints) / Double(count),
          milliseconds[count / 2]))
    }
  }

  /// The 112×112 crop of the largest face of every photograph in which one of usable quality is found.
  private static func faces(in folder: String) throws -> [GrayImage] {
    let decoder = PictureDecoder()
    let detector = try CascadeFaceDetector()
    return try VisionBenchmark.photographs(in: folder).compactMap { name in
      guard let image = try? decoder.decodeGray(VisionBenchmark.bytes(name, in: folder)),
        let face = try detector.detect(in: image).faces.first
      else { return nil }
      let crops = FaceCrops(of: face, in: image)
      return FaceQuality(face: face, crops: crops).isUsable ? crops.sift : nil
    }
  }
}
