package import LearningEvents

/// One frame to be recognised: the encoded image as it came from the learning platform, and where the platform
/// says the face is.
package struct RecognitionRequest: Sendable {
  /// A whole picture file.
  package var bytes: [UInt8]

  /// The face in pixels of the decoded image; used when it is sane, ignored otherwise.
  package var faceBox: FaceBox?

  /// The frame's session, so that its face is looked for first where it was; nil to look at the whole picture.
  package var track: FrameTrack?

  package init(bytes: [UInt8], faceBox: FaceBox? = nil, track: FrameTrack? = nil) {
    self.bytes = bytes
    self.faceBox = faceBox
    self.track = track
  }
}

/// Which session a frame belongs to and when it was taken: with it a face is looked for first where the session's last
/// frame had it.
package struct FrameTrack: Sendable, Hashable {
  /// Tells sessions apart within this process. Opaque: nothing is read from it, and it is never logged.
  package var session: Int64
  package var capturedAt: EventTime

  package init(session: Int64, capturedAt: EventTime) {
    self.session = session
    self.capturedAt = capturedAt
  }
}
