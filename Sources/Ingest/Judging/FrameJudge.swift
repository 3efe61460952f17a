package import LearningEvents
package import Persistence

/// Judges frames in the fixed order of `RejectCode`. Pure: what is known comes in, a verdict goes out.
///
/// A second delivery of a stored sample is a duplicate whatever its body, so that is looked at before everything but
/// the event itself. `bad_image`, `decoder_crash` and `unstorable` are found later, by those who look.
package struct FrameJudge: Sendable {
  package var window: FrameWindow
  /// How long a frame may wait for its course or consent to be announced.
  package var grace: Duration

  static let sequenceReused = "this sequence number belongs to a frame of another capture time"

  package init(window: FrameWindow = FrameWindow(), grace: Duration = .seconds(30)) {
    self.window = window
    self.grace = grace
  }

  /// - Parameters:
  ///   - known: what the database knows of the frame's course, learner, session and identity.
  ///   - mayWait: false once this course and learner have been waited for.
  ///   - now: the worker's clock.
  package func judge(
    _ frame: FrameCandidate, known: FrameResolution, mayWait: Bool, now: EventTime
  ) -> FrameVerdict {
    if let session = known.session {
      guard session.learner == frame.learner else {
        return .reject(.badEvent, detail: "ce_learnerid: not the learner this session belongs to")
      }
      guard session.courseID == known.courseID else {
        return .reject(.badEvent, detail: "ce_courseid: not the course this session belongs to")
      }
    }
    if let stored = known.storedCapture, stored == frame.event.capturedAt { return .duplicate }
    guard frame.imageBytes <= FrameEvent.imageLimitBytes else {
      return .reject(.tooLarge, detail: "the picture has more than \(FrameEvent.imageLimitBytes) bytes")
    }
    guard window.admits(frame.event.capturedAt, recordedAt: frame.recordedAt) else {
      return .reject(
        .outOfWindow, detail: "captured over \(window.past) d before or \(window.future) d after its record")
    }
    // A frame that would open a session gives it its day; of a backlog's old records that day may be over as well.
    guard window.admits(sessionDay: known.session?.day ?? frame.event.capturedAt.day, today: now.day) else {
      return .reject(
        .outOfWindow, detail: "its session's day is over \(window.past) d ago or \(window.premade) d or more ahead")
    }

    let deadline = min(frame.recordedAt, frame.receivedAt).advanced(by: grace)
    guard known.courseID != nil else {
      if mayWait, now < deadline { return .wait(until: deadline) }
      return .reject(.unknownCourse, detail: "no course event names this course")
    }
    guard !known.isErased else { return .reject(.erased, detail: "the learner was erased") }
    switch known.consent {
    case .granted: break
    case .revoked: return .reject(.noConsent, detail: "consent was revoked")
    case .unknown:
      if mayWait, now < deadline { return .wait(until: deadline) }
      return .reject(.noConsent, detail: "no consent of scope analytics")
    }
    guard known.storedCapture == nil else {
      return .reject(.sequenceReused, detail: Self.sequenceReused)
    }
    return .recognise
  }
}
