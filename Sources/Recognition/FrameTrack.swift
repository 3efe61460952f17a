package import LearningEvents

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
