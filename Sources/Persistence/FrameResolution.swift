package import LearningEvents

/// What the frames of one session ask the database about together.
package struct SessionKey: Sendable {
  package var source: SourceID
  package var courseID: CourseID
  package var learner: LearnerPseudonym
  package var sessionID: SessionID

  package init(source: SourceID, courseID: CourseID, learner: LearnerPseudonym, sessionID: SessionID) {
    (self.source, self.courseID, self.learner, self.sessionID) = (source, courseID, learner, sessionID)
  }
}

extension SessionKey: Hashable {
  package static func == (a: SessionKey, b: SessionKey) -> Bool {
    a.sessionID == b.sessionID && a.learner == b.learner && a.source == b.source && a.courseID == b.courseID
  }

  // By the session alone, because every frame is looked up: the same session of two LMSs is rare and costs a
  // comparison.
  package func hash(into hasher: inout Hasher) { hasher.combine(sessionID) }
}

/// What the database knows of a session and of who and what it names.
package struct SessionResolution: Sendable, Equatable {
  /// The course's key; nil if no course event named it.
  package let courseID: Int64?
  /// Consent of scope `analytics`.
  package let consent: ConsentState
  /// A frame of this learner captured up to here is erased; nil if there was neither erasure nor revocation.
  package let erasedUntil: EventTime?
  /// The session, if it is open.
  package let session: SessionRow?
  /// The highest sequence number stored in the session: no frame above it is stored. Nil: none is.
  package let lastSequence: Int32?
  /// The LMS is unknown, and the URI of a known one differs from its own in case or a last slash alone.
  package let hasNearSource: Bool

  package init(
    courseID: Int64?, consent: ConsentState, erasedUntil: EventTime?, session: SessionRow?, lastSequence: Int32?,
    hasNearSource: Bool = false
  ) {
    (self.courseID, self.consent, self.erasedUntil) = (courseID, consent, erasedUntil)
    (self.session, self.lastSequence, self.hasNearSource) = (session, lastSequence, hasNearSource)
  }

  /// Whether a frame of this number may be stored already, and has to be looked up.
  package func mayHold(_ sequence: Int32) -> Bool { lastSequence.map { sequence <= $0 } ?? false }

  /// What it means for one frame, given the capture time of the stored sample of its identity.
  package func frame(capturedAt: EventTime, storedCapture: EventTime?) -> FrameResolution {
    FrameResolution(
      courseID: courseID, consent: consent, isErased: erasedUntil.map { capturedAt <= $0 } ?? false, session: session,
      storedCapture: storedCapture, hasNearSource: hasNearSource)
  }
}

/// A frame's place among the samples: the table's primary key.
package struct SampleKey: Sendable, Hashable {
  package var sessionDay: CalendarDay
  package var sessionID: Int64
  package var sequence: Int32

  package init(sessionDay: CalendarDay, sessionID: Int64, sequence: Int32) {
    (self.sessionDay, self.sessionID, self.sequence) = (sessionDay, sessionID, sequence)
  }
}

/// The present state of one consent.
package enum ConsentState: Sendable, Hashable {
  /// Nothing was ever said, which counts as no.
  case unknown
  /// It covers what is captured from then on.
  case granted(since: EventTime)
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
  package var session: SessionRow?
  /// The capture time of the stored sample of this identity, if there is one.
  package let storedCapture: EventTime?
  /// The LMS is unknown, and the URI of a known one differs from its own in case or a last slash alone.
  package let hasNearSource: Bool

  package init(
    courseID: Int64?, consent: ConsentState, isErased: Bool, session: SessionRow?, storedCapture: EventTime?,
    hasNearSource: Bool = false
  ) {
    (self.courseID, self.consent, self.isErased) = (courseID, consent, isErased)
    (self.session, self.storedCapture, self.hasNearSource) = (session, storedCapture, hasNearSource)
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
