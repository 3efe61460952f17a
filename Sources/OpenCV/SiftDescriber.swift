import COpenCV
package import Vision

/// OpenCV's SIFT (Lowe's scale-space extrema and 128-number descriptors; the paper, section 3.2).
///
/// Holds a number alone: it can be shared by any number of threads. Keypoints come in OpenCV's order, which is sorted
/// and the same on every run.
package struct SiftDescriber: KeypointDescribing {
  /// How much an extremum must stand out. Its value is part of features version 1: docs/decisions/0010 says what it
  /// was chosen by, and `VisionBenchmark sift` measures it again.
  private let contrastThreshold: Double

  package init(contrastThreshold: Double = 0.002) { self.contrastThreshold = contrastThreshold }

  package func describe(_ image: GrayImage) throws(OpenCVError) -> [Keypoint] {
    var points: UnsafeMutablePointer<lectern_cv_keypoint>?
    var count: Int32 = 0
    defer { lectern_cv_free(points) }
    try callingOpenCV { message in
      lectern_cv_sift(
        image.pixels, Int32(image.width), Int32(image.height), contrastThreshold, &points, &count, message)
    }
    return UnsafeBufferPointer(start: points, count: Int(count)).map { point in
      let descriptor = withUnsafeBytes(of: point.descriptor) { [Float]($0.assumingMemoryBound(to: Float.self)) }
      return Keypoint(
        x: point.x, y: point.y, response: point.response, diameter: point.size, angleDegrees: point.angle,
        descriptor: descriptor)
    }
  }
}
