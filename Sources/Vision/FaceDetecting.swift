/// Finds faces in a picture. Safe to share between threads; calls block for milliseconds.
package protocol FaceDetecting: Sendable {
  /// Looks at the whole picture.
  func detect(in image: GrayImage) throws -> FaceDetection

  /// Looks for a face again near where it was found a moment ago, in a picture of the same size; far cheaper than the
  /// whole picture. Nil where it is not there: then the whole picture has to be looked at.
  ///
  /// - Parameters:
  ///   - box: where the face was, a rectangle that fits the image.
  ///   - view: how it was found there.
  func follow(_ box: PixelRect, seenFrom view: FaceDetection.View, in image: GrayImage) throws -> PixelRect?
}

extension FaceDetecting {
  /// A detector that cannot follow faces looks at whole pictures only.
  package func follow(_ box: PixelRect, seenFrom view: FaceDetection.View, in image: GrayImage) throws -> PixelRect? {
    nil
  }
}
