package import LearningEvents

/// A frame that was measured, ready to be stored.
package struct SampleRow: Sendable, Equatable {
  package var offset: Int64
  package var sessionDay: CalendarDay
  package var sessionID: Int64
  package var sequence: Int32
  package var capturedAt: EventTime
  package var mediaPositionMilliseconds: Int64?
  package var segmentHint: SegmentID?
  package var courseID: Int64
  package var learner: LearnerPseudonym
  package var status: SampleStatus
  package var faceCount: Int16
  /// Present exactly if the status is `.classified`.
  package var distribution: EmotionDistribution?
  /// Of the face picture, 0…10000.
  package var quality: Int16
  /// By which the LMS finds a record that is rejected while it is stored.
  package var eventID: EventID?

  package init(
    offset: Int64, sessionDay: CalendarDay, sessionID: Int64, sequence: Int32, capturedAt: EventTime,
    mediaPositionMilliseconds: Int64?, segmentHint: SegmentID?, courseID: Int64, learner: LearnerPseudonym,
    status: SampleStatus, faceCount: Int16, distribution: EmotionDistribution?, quality: Int16,
    eventID: EventID? = nil
  ) {
    (self.offset, self.sessionDay, self.sessionID, self.sequence) = (offset, sessionDay, sessionID, sequence)
    (self.capturedAt, self.mediaPositionMilliseconds) = (capturedAt, mediaPositionMilliseconds)
    (self.segmentHint, self.courseID, self.learner) = (segmentHint, courseID, learner)
    (self.status, self.faceCount, self.distribution, self.quality) = (status, faceCount, distribution, quality)
    self.eventID = eventID
  }
}

/// Records of one partition, stored as one transaction. Every offset of the step is a sample, a reject, a known
/// duplicate or skipped, exactly once; the ledger refuses anything else (23514).
package struct StoreBatch: Sendable {
  package var step: LedgerStep
  /// The key `registerModel` gave for what measured the samples.
  package var modelID: Int32
  package var samples: [SampleRow]
  package var rejects: [RejectRow]
  /// Records that `resolve` found stored with the same capture time, and that need no row.
  package var knownDuplicates: Int64

  package init(
    step: LedgerStep, modelID: Int32, samples: [SampleRow], rejects: [RejectRow], knownDuplicates: Int64 = 0
  ) {
    (self.step, self.modelID, self.samples, self.rejects) = (step, modelID, samples, rejects)
    self.knownDuplicates = knownDuplicates
  }
}

/// What `store` made of a batch; the three add up to its records.
package struct StoreResult: Sendable, Equatable {
  package let samples: Int64
  package let rejects: Int64
  package let duplicates: Int64
  /// Of the rejects, those whose consent or learner was gone by the time of storing (`erased` and `no_consent`).
  package let consentLost: Int64
  /// Of the rejects, those that met a stored sample of another capture time.
  package let sequenceReused: Int64

  package init(samples: Int64, rejects: Int64, duplicates: Int64, consentLost: Int64, sequenceReused: Int64) {
    (self.samples, self.rejects, self.duplicates) = (samples, rejects, duplicates)
    (self.consentLost, self.sequenceReused) = (consentLost, sequenceReused)
  }
}
