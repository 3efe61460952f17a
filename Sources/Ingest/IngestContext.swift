import Cryptography
import LearningEvents
import Recognition
import Telemetry

/// What the parts of one worker share. Every member is safe on any thread.
struct IngestContext: Sendable {
  let settings: IngestSettings
  let clusterID: String
  let database: IngestDatabase
  let loop: PollLoop
  let probe: LogProbe
  let recognizer: any FrameRecognizing
  let pseudonymizer: LearnerPseudonymizer
  let metrics: IngestMetrics
  let health: IngestHealth
  let control = ControlGate()
  let logger: Logger
  let clock: @Sendable () -> EventTime
}
