import KafkaIO
import LearningEvents
import Services
import Telemetry

/// Looks whether Kafka compacts the frame topic, which deletes frames that nobody has read: the ledger can only count
/// their offsets as skipped.
struct TopicWatch: Service {
  /// Of its own: a broker that does not know the question leaves it without an answer.
  let probe: LogProbe
  let topic: TopicName
  let logger: Logger
  private let isCompacted: Gauge

  /// A setting may be changed at any time.
  private static let interval = Duration.seconds(300)

  init(probe: LogProbe, topic: TopicName, registry: MetricsRegistry, logger: Logger) {
    (self.probe, self.topic, self.logger) = (probe, topic, logger)
    isCompacted = registry.gauge(
      "lectern_ingest_frame_topic_compacted", help: "1 while Kafka compacts the frame topic, which loses unread frames")
  }

  /// Asks at once, and then now and then until shutdown. No answer changes nothing.
  func run() async throws {
    try await StopFlag.raisedByShutdown { stop in
      var wasCompacted = false
      while true {
        if let settings = try await probe.settings(of: topic, until: stop) {
          isCompacted.set(settings.isCompacted ? 1 : 0)
          if settings.isCompacted, !wasCompacted {
            logger.warning(
              "the frame topic is compacted, which deletes frames that nobody has read: set cleanup.policy=delete",
              metadata: ["topic": .string(topic.text)])
          }
          wasCompacted = settings.isCompacted
        }
        try await stop.sleep(for: Self.interval)
      }
    }
  }
}
