/// Finds faces in a picture. Safe to share between threads; calls block for milliseconds.
package protocol FaceDetecting: Sendable {
  /// The faces, in pixels of `image` and wholly inside it, largest area first (ties: topmost, then leftmost).
  func faces(in image: GrayImage) throws -> [PixelRect]
}
