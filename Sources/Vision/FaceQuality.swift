/// How well a face can be read: its size in the frame, and the sharpness and exposure of its 64×64 crop.
///
/// Each measure becomes a share between a limit, at and below which the face is not worth classifying, and a value from
/// which more does not help; the score is the smallest share, in ten-thousandths:
///
/// | measure | limit | from here on enough |
/// |---|---:|---:|
/// | longer side of the face, pixels of the frame | 24 | 96 |
/// | sharpness | 5 | 100 |
/// | brightness, from below and (as 255 − brightness) from above | 20 | 60 |
/// | share of pixels that are neither black nor white | 0.4 | 0.9 |
///
/// Measured on the faces that are found in every eighth of 1008 real photographs, 122 (percentiles 1, 5, 50, 95, 99):
/// side 22, 78, 288, 307, 327 pixels; sharpness 17, 125, 424, 958, 1521; brightness 43, 72, 115, 148, 154; clipped
/// share 0, 0, 0, 0.06, 0.12. Good ones among them stay usable as follows when they are changed: darkened to 0.5, 0.3,
/// 0.2, 0.1 of their light 100, 98, 76, 0 %; brightened 1.5, 2, 3, 5 times (clipping) 100, 80, 26, 5 %; blurred as if
/// the face had been 16, 12, 8, 6, 4 pixels wide 100, 100, 90, 32, 0 %; shrunk to 32, 25, 24 pixels 100, 100, 0 %.
/// `Benchmarks/FaceSweep` makes these tables (`quality`).
package struct FaceQuality: Sendable, Hashable {
  /// The face's longer side in pixels of the frame.
  package let sidePixels: Int
  /// Mean squared Laplacian of the 64×64 crop, in squared gray levels.
  package let sharpness: Float
  /// Mean gray of the crop, 0…255.
  package let brightness: Float
  /// Share of pixels at 0…4 or 251…255.
  package let clippedShare: Float
  /// 0 (unreadable) … 10,000.
  package let score: Int16

  /// Whether the face is worth classifying; otherwise the sample is stored as low quality.
  package var isUsable: Bool { score > 0 }

  /// - Parameters:
  ///   - face: in the frame.
  ///   - crops: made of that face.
  package init(face: PixelRect, crops: FaceCrops) {
    sidePixels = face.longestSide
    let statistics = PixelStatistics(of: crops.hog)
    sharpness = statistics.laplacianEnergy
    brightness = statistics.mean
    clippedShare = statistics.clippedShare
    let parts = [
      Self.share(Float(sidePixels), from: 24, to: 96), Self.share(sharpness, from: 5, to: 100),
      Self.share(brightness, from: 20, to: 60), Self.share(255 - brightness, from: 20, to: 60),
      Self.share(1 - clippedShare, from: 0.4, to: 0.9),
    ]
    score = Int16((10_000 * parts.min()!).rounded())
  }

  private static func share(_ value: Float, from low: Float, to high: Float) -> Float {
    min(max((value - low) / (high - low), 0), 1)
  }
}
