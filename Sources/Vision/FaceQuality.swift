/// How well a face can be read: its size in the frame, and the sharpness and exposure of its 64×64 crop.
///
/// Each measure becomes a share between a limit, at and below which the face is not worth classifying, and a value from
/// which more does not help; the score is the smallest share, in ten-thousandths. The limits come from 944 real photographs
/// with a face found (percentiles 1, 5, 50): side 26, 66, 291 pixels; sharpness 12, 91, 430; brightness 55, 72, 116; clipped
/// share 0 in the median, 0.14 at percentile 99. Flat pictures have a sharpness of 0. With these limits 12 of the 944 are
/// unusable, all of them below 25 pixels or blurred beyond recognition.
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
