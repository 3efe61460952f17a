package import Cryptography
import KafkaIO
package import LearningEvents

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
