import KafkaIO
import LearningEvents
import Services
import Telemetry

/// Looks whether Kafka has the topics that a worker reads. While one is missing the worker waits for it, is not ready
/// and says so; it reads the topic once somebody makes it.
struct MissingTopicWatch: Service {
  private let context: IngestContext
  /// Silent: that a topic is missing is said once, and that a broker does not answer by others.
  private let probe: LogProbe

  init(context: IngestContext, kafka: KafkaSettings) throws(KafkaError) {
    self.context = context
    probe = try LogProbe(settings: kafka, logger: .silent)
  }

  /// Asks as often as parked partitions are looked at, until shutdown. A topic is missing once it was not there twice:
  /// a broker learns of topics late.
  func run() async throws {
    try await StopFlag.raisedByShutdown { stop in
      var known: Set<TopicName> = []
      var suspected: Set<TopicName> = []
      while true {
        var absent: Set<TopicName> = []
        for role in TopicRole.allCases {
          let topic = context.settings.topic(role)
          if try await isAbsent(topic, until: stop) { absent.insert(topic) }
        }
        let missing = absent.intersection(suspected)
        suspected = absent
        context.health.setMissingTopics(missing)
        context.metrics.missingTopics.set(missing.count)
        for topic in missing.subtracting(known).sorted() {
          context.logger.error(
            "a topic is missing: waiting until somebody makes it", metadata: ["topic": .string(topic.text)])
        }
        for topic in known.subtracting(missing).sorted() {
          context.logger.info("a missing topic was made", metadata: ["topic": .string(topic.text)])
        }
        known = missing
        try await stop.sleep(for: context.settings.parkedInterval)
      }
    }
  }

  /// False also where Kafka refuses to tell: that is not for this watch to say.
  private func isAbsent(_ topic: TopicName, until stop: StopFlag) async throws -> Bool {
    do {
      return try await probe.partitionCount(of: topic, until: stop) == 0
    } catch is KafkaError {
      return false
    }
  }
}
