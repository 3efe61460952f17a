/// How well a face can be read: its size, sharpness and exposure.
///
/// Limits are provisional until measured.
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

  package init(face: PixelRect, crops: FaceCrops) {
    sidePixels = face.longestSide
    let statistics = PixelStatistics(of: crops.hog)
    sharpness = statistics.laplacianEnergy
    brightness = statistics.mean
    clippedShare = statistics.clippedShare
    let parts = [
      Self.ramp(Float(sidePixels), from: 24, to: 96), Self.ramp(sharpness, from: 5, to: 100),
      Self.ramp(brightness, from: 20, to: 60), Self.ramp(255 - brightness, from: 20, to: 60),
      Self.ramp(1 - clippedShare, from: 0.4, to: 0.9),
    ]
    score = Int16((10_000 * parts.min()!).rounded())
  }

  private static func ramp(_ value: Float, from low: Float, to high: Float) -> Float {
    min(max((value - low) / (high - low), 0), 1)
  }
}
