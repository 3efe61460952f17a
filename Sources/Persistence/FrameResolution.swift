package import Cryptography
package import LearningEvents

/// What a frame asks the database about.
package struct FrameKey: Sendable, Hashable {
  package var source: String
  package var courseID: String
  package var learner: LearnerPseudonym
  package var sessionID: String
  package var sequence: Int32
  package var capturedAt: EventTime

  package init(
    source: String, courseID: String, learner: LearnerPseudonym, sessionID: String, sequence: Int32,
    capturedAt: EventTime
  ) {
    (self.source, self.courseID, self.learner) = (source, courseID, learner)
    (self.sessionID, self.sequence, self.capturedAt) = (sessionID, sequence, capturedAt)
  }
}

/// The present state of one consent.
package enum ConsentState: Sendable, Hashable {
  /// Nothing was ever said, which counts as no.
  case unknown
  case granted
  case revoked
}

/// What the database knows of a frame.
package struct FrameResolution: Sendable, Equatable {
  /// The course's key; nil if no course event named it.
  package let courseID: Int64?
  /// Consent of scope `analytics`.
  package let consent: ConsentState
  /// True if the learner was erased, or revoked, at or after the frame's capture.
  package let isErased: Bool
  /// The session the frame belongs to, if it is open.
  package let session: SessionRow?
  /// The capture time of the stored sample of this identity, if there is one.
  package let storedCapture: EventTime?

  package init(
    courseID: Int64?, consent: ConsentState, isErased: Bool, session: SessionRow?, storedCapture: EventTime?
  ) {
    (self.courseID, self.consent, self.isErased) = (courseID, consent, isErased)
    (self.session, self.storedCapture) = (session, storedCapture)
  }
}

/// An open session, as its first frame fixed it.
package struct SessionRow: Sendable, Hashable {
  package let id: Int64
  package let day: CalendarDay
  package let learner: LearnerPseudonym
  package let courseID: Int64

  package init(id: Int64, day: CalendarDay, learner: LearnerPseudonym, courseID: Int64) {
    (self.id, self.day, self.learner, self.courseID) = (id, day, learner, courseID)
  }
}

/// What became of the attempt to open a session.
package enum SessionOpening: Sendable, Equatable {
  /// Open, by this call or an earlier one; the caller compares learner and course with its frame's.
  case open(SessionRow)
  /// Refused under the privacy lock: `.erased` or `.noConsent`. Nothing was written.
  case refused(RejectCode)
}
