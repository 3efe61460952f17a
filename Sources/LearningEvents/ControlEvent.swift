/// What the LMS says beside frames: a structured CloudEvent on `lectern.control.v1`, in a file or over HTTP.
package enum ControlEvent: Sendable, Hashable {
  case course(CourseEvent)
  case session(SessionEvent)
  case consent(ConsentEvent)

  /// The LMS that speaks: the scope of every id in the event.
  package var source: SourceID { envelope.source }

  /// When the LMS said it: the newest time wins, ties go to revoke.
  package var time: EventTime { envelope.time }

  /// The CloudEvents id.
  package var id: EventID { envelope.id }

  private var envelope: (id: EventID, source: SourceID, time: EventTime) {
    switch self {
    case .course(let event): (event.eventID, event.source, event.time)
    case .session(let event): (event.eventID, event.source, event.time)
    case .consent(let event): (event.eventID, event.source, event.time)
    }
  }

  /// The CloudEvents type.
  package var type: ControlEventType {
    switch self {
    case .course: .course
    case .session: .session
    case .consent: .consent
    }
  }

  /// What an LMS may declare as the time between two frames, in milliseconds.
  package static let frameIntervalLimits: ClosedRange<Int64> = 100...600_000

  /// How far behind its record a control event may be dated, by a clock that runs ahead: as far as a frame.
  package static let timeLimit = Duration.seconds(86_400)

  /// What is wrong with the event's time, given the time of its record: a consent of next year would overrule every
  /// revocation until then.
  package func check(recordedAt: EventTime) throws(EventError) {
    guard time <= recordedAt.advanced(by: Self.timeLimit) else {
      throw EventError("time", "more than 1 d after its record: the clock that made it runs ahead")
    }
  }

  /// The message key: the course, session or learner it is about, so that its own history stays in order.
  package var key: [UInt8] {
    switch self {
    case .course(let event): Array(event.courseID.utf8)
    case .session(let event): Array(event.sessionID.utf8)
    case .consent(let event): Array(event.learnerID.utf8)
    }
  }
}

/// A course and its segments, whole: a later event replaces an earlier one.
package struct CourseEvent: Sendable, Hashable {
  package var eventID: EventID
  package var source: SourceID
  package var time: EventTime
  /// `data.id`.
  package var courseID: CourseID
  package var title: String
  /// LMS ids of the teachers who may see it.
  package var teachers: [TeacherID]
  package var segments: [SegmentDefinition]
  /// `data.frame_interval_ms`: the time between two frames of its sessions, unless a session says otherwise;
  /// 100…600,000.
  package var frameIntervalMilliseconds: Int32?

  package init(
    eventID: EventID, source: SourceID, time: EventTime, courseID: CourseID, title: String,
    teachers: [TeacherID] = [], segments: [SegmentDefinition], frameIntervalMilliseconds: Int32? = nil
  ) {
    self.eventID = eventID
    self.source = source
    self.time = time
    self.courseID = courseID
    self.title = title
    self.teachers = teachers
    self.segments = segments
    self.frameIntervalMilliseconds = frameIntervalMilliseconds
  }
}

/// A part of a course, with an id of its own and its place in time.
package struct SegmentDefinition: Sendable, Hashable {
  /// Half-open, start before end.
  package enum Range: Sendable, Hashable {
    /// Milliseconds of a recording's media position.
    case media(startMilliseconds: Int64, endMilliseconds: Int64)
    /// The wall clock of a live lecture.
    case clock(start: EventTime, end: EventTime)
  }

  package var id: SegmentID
  package var title: String
  /// Its place in the course, unique there, 0…1,000,000.
  package var ordinal: Int32
  package var range: Range

  package init(id: SegmentID, title: String, ordinal: Int32, range: Range) {
    (self.id, self.title, self.ordinal, self.range) = (id, title, ordinal, range)
  }
}

/// What the LMS declares about a session: optional, joined when present.
package struct SessionEvent: Sendable, Hashable {
  package var eventID: EventID
  package var source: SourceID
  package var time: EventTime
  /// `data.id`.
  package var sessionID: SessionID
  /// The time between two frames, 100…600,000.
  package var frameIntervalMilliseconds: Int32?
  package var title: String?

  package init(
    eventID: EventID, source: SourceID, time: EventTime, sessionID: SessionID,
    frameIntervalMilliseconds: Int32? = nil, title: String? = nil
  ) {
    self.eventID = eventID
    self.source = source
    self.time = time
    self.sessionID = sessionID
    self.frameIntervalMilliseconds = frameIntervalMilliseconds
    self.title = title
  }
}

/// A learner's consent of one scope, granted or revoked.
package struct ConsentEvent: Sendable, Hashable {
  package enum Scope: String, CaseIterable, Sendable, Hashable {
    /// Frames may be analysed.
    case analytics
    /// Teachers may see this learner alone, where the deployment turned that on.
    case individualView = "individual_view"
    /// Researchers may see this learner's samples under a pseudonym.
    case research
  }

  package var eventID: EventID
  package var source: SourceID
  package var time: EventTime
  /// `data.learner_id`: raw, never stored or logged.
  package var learnerID: LearnerID
  package var scope: Scope
  package var granted: Bool

  package init(
    eventID: EventID, source: SourceID, time: EventTime, learnerID: LearnerID, scope: Scope, granted: Bool
  ) {
    self.eventID = eventID
    self.source = source
    self.time = time
    self.learnerID = learnerID
    self.scope = scope
    self.granted = granted
  }
}
