import Cryptography
import LearningEvents
import Recognition
import Telemetry

/// What judging frames needs, whoever asks for it: a worker's partitions, or an operator who has rejects judged once more.
struct JudgingContext: Sendable {
  let settings: IngestSettings
  let database: IngestDatabase
  let recognizer: any FrameRecognizing
  let pseudonymizer: LearnerPseudonymizer
  let metrics: IngestMetrics
  let logger: Logger
  let clock: @Sendable () -> EventTime
}

extension IngestContext {
  var judging: JudgingContext {
    JudgingContext(
      settings: settings, database: database, recognizer: recognizer, pseudonymizer: pseudonymizer, metrics: metrics,
      logger: logger, clock: clock)
  }
}
