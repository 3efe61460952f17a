import Cryptography
import LearningEvents
import Recognition
import Telemetry

/// What judging frames needs, whoever asks for it: a worker's partitions, or an operator who has rejects judged once more.
struct JudgingContext: Sendable {
  let settings: IngestSettings
  /// The connection everything is judged over; behind the next one the database may be another.
  let lease: DatabaseLease
  let recognizer: any FrameRecognizing
  let pseudonymizer: LearnerPseudonymizer
  let metrics: IngestMetrics
  let logger: Logger
  let clock: @Sendable () -> EventTime
}

extension IngestContext {
  func judging(under lease: DatabaseLease) -> JudgingContext {
    JudgingContext(
      settings: settings, lease: lease, recognizer: recognizer, pseudonymizer: pseudonymizer, metrics: metrics,
      logger: logger, clock: clock)
  }
}
