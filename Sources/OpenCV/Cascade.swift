import COpenCV
import Vision

/// Owns one loaded cascade.
///
/// `@unchecked Sendable`: a `cv::CascadeClassifier` may move between threads but not be used by two at once;
/// `CascadeFaceDetector` lends each to one call at a time.
final class Cascade: @unchecked Sendable {
  private let handle: OpaquePointer

  init(path: String) throws(OpenCVError) {
    var handle: OpaquePointer?
    try callingOpenCV { lectern_cv_cascade_create(path, &handle, $0) }
    self.handle = handle!
  }

  deinit { lectern_cv_cascade_destroy(handle) }

  /// - Returns: squares about faces in pixels of `image`, in OpenCV's order.
  func detect(in image: GrayImage, _ settings: lectern_cv_detection) throws(OpenCVError) -> [PixelRect] {
    var rects: UnsafeMutablePointer<lectern_cv_rect>?
    var count: Int32 = 0
    defer { lectern_cv_free(rects) }
    try callingOpenCV { message in
      lectern_cv_cascade_detect(
        handle, image.pixels, Int32(image.width), Int32(image.height), settings, &rects, &count, message)
    }
    return UnsafeBufferPointer(start: rects, count: Int(count)).map {
      PixelRect(x: Int($0.x), y: Int($0.y), width: Int($0.width), height: Int($0.height))
    }
  }
}
