import COpenCV
package import Vision

/// OpenCV's SIFT (Lowe's scale-space extrema and 128-number descriptors; the paper, section 3.2).
///
/// Holds settings alone: it can be shared by any number of threads. Keypoints come in OpenCV's order, which is sorted
/// and the same on every run.
package struct SiftDescriber: KeypointDescribing {
  /// The parameters of `cv::SIFT`.
  ///
  /// Lowe's values but for the contrast threshold. Of the 49 grid cells of 932 real faces these stay empty, mean
  /// (median, 95th percentile): threshold 0.04 (OpenCV's default) 22.6 (22, 34), 0.02 14.1 (13, 26), 0.01 8.3 (7, 20),
  /// 0.005 5.4 (4, 15), 0.003 4.3 (3, 13), 0.002 3.9 (3, 12), 0.001 3.6 (3, 11), 0 3.6 (3, 11). From 0.002 on the
  /// threshold is not what leaves a cell empty. The time grows from 4.5 ms at 0.04 to 7.6 at 0.01 and hardly after
  /// that. It is part of features version 1. (`VisionBenchmark sift` measures it again.)
  package struct Settings: Sendable, Hashable {
    package var octaveLayers: Int
    package var contrastThreshold: Double
    package var edgeThreshold: Double
    /// Blur of the first octave, in pixels.
    package var sigma: Double

    package init(
      octaveLayers: Int = 3, contrastThreshold: Double = 0.002, edgeThreshold: Double = 10, sigma: Double = 1.6
    ) {
      self.octaveLayers = octaveLayers
      self.contrastThreshold = contrastThreshold
      self.edgeThreshold = edgeThreshold
      self.sigma = sigma
    }
  }

  package let settings: Settings

  package init(settings: Settings = Settings()) { self.settings = settings }

  package func describe(_ image: GrayImage) throws(OpenCVError) -> [Keypoint] {
    let parameters = lectern_cv_sift_settings(
      octave_layers: Int32(settings.octaveLayers), contrast_threshold: settings.contrastThreshold,
      edge_threshold: settings.edgeThreshold, sigma: settings.sigma)
    var points: UnsafeMutablePointer<lectern_cv_keypoint>?
    var count: Int32 = 0
    defer { lectern_cv_free(points) }
    try callingOpenCV { message in
      lectern_cv_sift(image.pixels, Int32(image.width), Int32(image.height), parameters, &points, &count, message)
    }
    return UnsafeBufferPointer(start: points, count: Int(count)).map { point in
      let descriptor = withUnsafeBytes(of: point.descriptor) { [Float]($0.assumingMemoryBound(to: Float.self)) }
      return Keypoint(
        x: point.x, y: point.y, response: point.response, diameter: point.size, angleDegrees: point.angle,
        descriptor: descriptor)
    }
  }
}
