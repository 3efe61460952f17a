import Services
import Telemetry

/// Says in the log what a worker stored: a line for each interval in which it stored something, and none otherwise.
struct ActivityLog: Service {
  let metrics: IngestMetrics
  let interval: Duration
  let logger: Logger

  /// Speaks until shutdown; what came last is in the worker's total.
  func run() async throws {
    try await StopFlag.raisedByShutdown { stop in
      var (said, saidAt) = (RecordCounts(metrics), ContinuousClock.now)
      while true {
        try await stop.sleep(for: interval)
        let (counts, now) = (RecordCounts(metrics), ContinuousClock.now)
        defer { (said, saidAt) = (counts, now) }
        guard counts != said else { continue }
        logger.info("records were stored", metadata: (counts - said).metadata(over: saidAt.duration(to: now)))
      }
    }
  }
}
