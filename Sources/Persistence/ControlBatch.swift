package import Cryptography
package import LearningEvents

/// A control event as the database takes it: with the learner's pseudonym instead of the LMS's id.
package struct ControlRow: Sendable, Equatable {
  package let event: ControlEvent
  /// Present exactly for a consent event.
  package let learner: LearnerPseudonym?
  /// When its record was made, or it was taken from elsewhere.
  package let recordedAt: EventTime

  package init(_ event: ControlEvent, recordedAt: EventTime, pseudonymizer: LearnerPseudonymizer) {
    (self.event, self.recordedAt) = (event, recordedAt)
    if case .consent(let consent) = event {
      learner = pseudonymizer.pseudonym(source: consent.source, learnerID: consent.learnerID)
    } else {
      learner = nil
    }
  }

  /// The event as `lectern.apply_control` reads it.
  var json: String { event.json(pseudonym: learner?.uuid, recordedAt: recordedAt) }
}

/// Control records of one partition, applied in order as one transaction. Every offset of the step is an event, a
/// reject or skipped, exactly once.
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
  /// Of the superseded, revocations of a consent that stands, since it was given later.
  package let overruled: Int64
  package let rejects: Int64

  package init(applied: Int64, superseded: Int64, overruled: Int64 = 0, rejects: Int64) {
    (self.applied, self.superseded, self.overruled, self.rejects) = (applied, superseded, overruled, rejects)
  }
}
