package import LearningEvents
package import Persistence

/// A frame event that could be read, before anything is known of its course, learner or picture.
///
/// The raw learner id is gone: it became a pseudonym while the record was read.
package struct FrameCandidate: Sendable {
  /// The event; its `learnerID` is empty.
  package var event: FrameEvent
  package var learner: LearnerPseudonym
  /// The size of its picture in bytes.
  package var imageBytes: Int
  /// The record's timestamp, or the time it was received where the record has none.
  package var recordedAt: EventTime
  /// When this worker first held it.
  package var receivedAt: EventTime

  package init(
    event: FrameEvent, learner: LearnerPseudonym, imageBytes: Int, recordedAt: EventTime, receivedAt: EventTime
  ) {
    self.event = event
    self.event.learnerID = ""
    self.learner = learner
    self.imageBytes = imageBytes
    self.recordedAt = recordedAt
    self.receivedAt = receivedAt
  }
}

/// What is to become of a frame whose event could be read.
package enum FrameVerdict: Sendable, Equatable {
  /// Its picture may be looked at.
  case recognise
  /// Stored before: counted, not looked at.
  case duplicate
  case reject(RejectCode, detail: String)
  /// Its course or its learner's consent is not known yet: asked again until the deadline, then judged.
  case wait(until: EventTime)
}

/// Judges frames in the fixed order of `RejectCode`. Pure: what is known comes in, a verdict goes out.
///
/// A second delivery of a stored sample is a duplicate whatever its body, so that is looked at before everything but
/// the event itself. `bad_image`, `decoder_crash` and `unstorable` are found later, by recognition and by the database.
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
  ///   - now: the worker's clock, for how long a frame waits.
  ///   - today: by the database's clock, for whether a session's day is still open.
  package func judge(
    _ frame: FrameCandidate, known: FrameResolution, mayWait: Bool, now: EventTime, today: CalendarDay
  ) -> FrameVerdict {
    if let session = known.session, let detail = Self.contradiction(of: frame, in: known.courseID, to: session) {
      return .reject(.badEvent, detail: detail)
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
    guard window.admits(sessionDay: known.session?.day ?? frame.event.capturedAt.day, today: today) else {
      return .reject(
        .outOfWindow, detail: "its session's day is over \(window.past) d ago or \(window.premade) d or more ahead")
    }

    let deadline = min(frame.recordedAt, frame.receivedAt).advanced(by: grace)
    guard known.courseID != nil else {
      if mayWait, now < deadline { return .wait(until: deadline) }
      return .reject(.unknownCourse, detail: Self.unknownCourse(hasNearSource: known.hasNearSource))
    }
    guard !known.isErased else { return .reject(.erased, detail: "the learner was erased") }
    switch known.consent {
    case .granted(let since):
      guard frame.event.capturedAt >= since else {
        return .reject(.noConsent, detail: "captured before consent was given")
      }
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

  private static func unknownCourse(hasNearSource: Bool) -> String {
    "no course event names this course"
      + (hasNearSource ? "; nor is its ce_source known, but one that differs in case or a last slash alone" : "")
  }

  /// How a frame contradicts its session, in words; nil if it is of the session's learner and course.
  static func contradiction(of frame: FrameCandidate, in courseID: Int64?, to session: SessionRow) -> String? {
    if session.learner != frame.learner { return "ce_learnerid: not the learner this session belongs to" }
    if session.courseID != courseID { return "ce_courseid: not the course this session belongs to" }
    return nil
  }
}

/// When a frame may have been captured, relative to its record's time, and which session days are still open.
package struct FrameWindow: Sendable, Equatable {
  /// Days before the record's time.
  package var past: Int32 = 14
  /// Days after it: clocks are wrong, and a day covers every time zone mistaken for UTC.
  package var future: Int32 = 1
  /// Days ahead for which the database holds partitions; a producer's clock may be further ahead than that.
  package var premade: Int32 = 60

  package init() {}

  /// Whether a picture captured then may belong to a record of that time.
  package func admits(_ capturedAt: EventTime, recordedAt: EventTime) -> Bool {
    capturedAt >= recordedAt.advanced(by: .seconds(-86_400 * Int64(past)))
      && capturedAt <= recordedAt.advanced(by: .seconds(86_400 * Int64(future)))
  }

  /// Whether a session of that day still takes frames, today being `today`.
  package func admits(sessionDay: CalendarDay, today: CalendarDay) -> Bool {
    sessionDay >= today.advanced(by: -past) && sessionDay < today.advanced(by: premade)
  }
}
