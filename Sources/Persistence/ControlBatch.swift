package import Cryptography
import Foundation
package import LearningEvents

/// A control event as the database takes it: with the learner's pseudonym instead of the LMS's id.
package struct ControlRow: Sendable, Equatable {
  package let event: ControlEvent
  /// Present exactly for a consent event.
  package let learner: LearnerPseudonym?

  package init(_ event: ControlEvent, pseudonymizer: LearnerPseudonymizer) {
    self.event = event
    if case .consent(let consent) = event {
      learner = pseudonymizer.pseudonym(source: consent.source, learnerID: consent.learnerID)
    } else {
      learner = nil
    }
  }

  /// The event as `lectern.apply_control` reads it.
  var payload: Payload {
    var payload = Payload(source: event.source, time: event.time.rfc3339, id: event.id)
    switch event {
    case .course(let course):
      payload.kind = "course"
      payload.course = course.courseID
      payload.title = course.title
      payload.teachers = course.teachers
      payload.segments = course.segments.map(Payload.Segment.init)
    case .session(let session):
      payload.kind = "session"
      payload.session = session.sessionID
      payload.title = session.title
      payload.frameIntervalMs = session.frameIntervalMilliseconds
    case .consent(let consent):
      payload.kind = "consent"
      payload.learner = learner?.uuid
      payload.scope = consent.scope.rawValue
      payload.granted = consent.granted
    }
    return payload
  }

  struct Payload: Encodable {
    struct Segment: Encodable {
      var id: SegmentID
      var title: String
      var ordinal: Int32
      var mediaStartMs: Int64?
      var mediaEndMs: Int64?
      var startsAt: String?
      var endsAt: String?

      init(_ segment: SegmentDefinition) {
        (id, title, ordinal) = (segment.id, segment.title, segment.ordinal)
        switch segment.range {
        case .media(let start, let end): (mediaStartMs, mediaEndMs) = (start, end)
        case .clock(let start, let end): (startsAt, endsAt) = (start.rfc3339, end.rfc3339)
        }
      }
    }

    var kind = ""
    var source: SourceID
    var time: String
    var id: EventID
    var course: CourseID?
    var session: SessionID?
    var learner: String?
    var title: String?
    var teachers: [TeacherID]?
    var segments: [Segment]?
    var frameIntervalMs: Int32?
    var scope: String?
    var granted: Bool?
  }
}

/// Control records of one partition, applied in order as one transaction. Every offset of the step is an event, a reject
/// or skipped, exactly once.
package struct ControlBatch: Sendable {
  package var step: LedgerStep
  package var events: [ControlRow]
  package var rejects: [RejectRow]

  package init(step: LedgerStep, events: [ControlRow], rejects: [RejectRow]) {
    (self.step, self.events, self.rejects) = (step, events, rejects)
  }
}

/// What became of control events.
package struct ControlResult: Sendable, Equatable {
  package let applied: Int64
  /// Of the applied, those a newer event had overtaken, which changed nothing.
  package let superseded: Int64
  package let rejects: Int64

  package init(applied: Int64, superseded: Int64, rejects: Int64) {
    (self.applied, self.superseded, self.rejects) = (applied, superseded, rejects)
  }
}
