package import LearningEvents

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
