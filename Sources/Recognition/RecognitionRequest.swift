package import LearningEvents

/// One frame to be recognised: the encoded image as it came from the learning platform, and where the platform
/// says the face is.
package struct RecognitionRequest: Sendable {
  /// A whole JPEG or PNG file.
  package var bytes: [UInt8]

  /// The face in pixels of the decoded image; used when it is sane, ignored otherwise.
  package var faceBox: FaceBox?

  package init(bytes: [UInt8], faceBox: FaceBox? = nil) {
    self.bytes = bytes
    self.faceBox = faceBox
  }
}
