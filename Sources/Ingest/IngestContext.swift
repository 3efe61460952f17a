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
  let health: IngestHealth
  let control = ControlGate()

  var settings: IngestSettings { judging.settings }
  var metrics: IngestMetrics { judging.metrics }
  var logger: Logger { judging.logger }
}
