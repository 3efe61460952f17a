import LearningEvents
import Recognition
import Telemetry

/// What the parts of one worker share. Every member is safe on any thread.
struct IngestContext: Sendable {
  let judging: JudgingContext
  let clusterID: ClusterID
  let database: IngestDatabase
  let loop: PollLoop
  let probe: LogProbe
  /// Compares batches with their logs: it stays connected, and no question about another partition holds it up.
  let chainProbe: LogProbe
  let health: IngestHealth
  let control = ControlGate()
  let assignment = Assignment()

  /// Whether no frame may be judged, because the control topic does not fit its ledgers or that is not known.
  var framesAreHeld: Bool { control.isClosed(after: loop.disturbances) }
  var settings: IngestSettings { judging.settings }
  var metrics: IngestMetrics { judging.metrics }
  var logger: Logger { judging.logger }
}
