import Arguments
import Configuration
import Foundation
import Ingest
import KafkaIO
import LearningEvents
import Services
import Telemetry
import TextOutput

/// Tells the control topic what an operator withdrew, so that a database that is filled or restored from the log knows
/// it too. The database was told before: what is published is what already holds there.
struct ControlPublisher: Sendable {
  let kafka: KafkaSettings
  let frameTopic: TopicName
  let controlTopic: TopicName
  let sources: EventSources
  let clock: @Sendable () -> EventTime
  let logger: Logger

  /// For an answer of the brokers, and for the acknowledgement of one record.
  private static let patience = Duration.seconds(10)
  private static let deliveryMilliseconds = "15000"

  init(_ context: CommandContext) {
    kafka = context.kafka
    frameTopic = context.settings[Keys.frameTopic]
    controlTopic = context.settings[Keys.controlTopic]
    sources = context.settings.optional(Keys.sources) ?? .all
    clock = context.clock
    logger = context.logger.labelled("control")
  }

  /// Publishes the withdrawal of consents as the LMS would, under the times as of which they hold.
  ///
  /// Of a time too far ahead for a worker to take, the furthest that it takes.
  func publish(_ withdrawn: [(scope: ConsentEvent.Scope, asOf: EventTime)], of learner: NamedLearner) async
    -> ControlNotice
  {
    guard sources.admitted(to: controlTopic)?.contains(learner.source) ?? true else {
      return ControlNotice(
        problem:
          "LECTERN_KAFKA_SOURCES does not allow this LMS on \(controlTopic): use the configuration of its workers")
    }
    do {
      try await requireTopic()
      let producer = try KafkaProducer(
        settings: kafka.adding(["message.timeout.ms": Self.deliveryMilliseconds]), logger: logger)
      let latest = clock().advanced(by: ControlEvent.timeLimit - .seconds(3600))
      for (scope, time) in withdrawn {
        let event = ConsentEvent(
          eventID: EventID(UUID().uuidString.lowercased()), source: learner.source, time: min(time, latest),
          learnerID: learner.id, scope: scope, granted: false)
        _ = try await producer.produce(ControlEvent.consent(event).encoded(), to: controlTopic)
      }
    } catch {
      return ControlNotice(problem: "\(error)")
    }
    let (pictures, ids) = await expiries()
    return ControlNotice(pictures: pictures, ids: ids)
  }

  /// A producer that asks for a topic which is not there may make it.
  private func requireTopic() async throws(KafkaError) {
    let (kafka, topic, logger) = (kafka, controlTopic, logger)
    let count = try await ThreadExecutor(name: "control").run { () throws(KafkaError) in
      try KafkaAdmin(settings: kafka, logger: logger).partitionCount(of: topic, timeout: Self.patience)
    }
    guard count != nil else { throw KafkaError(.unknownTopic, while: "looking for the control topic") }
  }

  /// When what the two topics hold now will be gone.
  private func expiries() async -> (pictures: ControlNotice.Expiry, ids: ControlNotice.Expiry) {
    let (kafka, topics, logger, now) = (kafka, [frameTopic, controlTopic], logger, clock())
    let expiries = await ThreadExecutor(name: "control").run {
      var expiries: [ControlNotice.Expiry] = []
      do throws(KafkaError) {
        let admin = try KafkaAdmin(settings: kafka, logger: logger)
        for topic in topics {
          let settings = TopicSettings(try admin.configuration(of: topic, timeout: .seconds(3)))
          let isKept = settings.lifetime == nil || settings.isCompacted
          expiries.append(isKept ? .forEver : .until(now.advanced(by: settings.lifetime ?? .zero)))
        }
      } catch {
        logger.debug("Kafka does not tell a topic's settings", metadata: ["error": .string(error.description)])
      }
      return expiries
    }
    return (expiries.first ?? .unknown, expiries.dropFirst().first ?? .unknown)
  }
}

extension CommandContext {
  /// Publishes withdrawals, and says whether the topic took them; fails where it did not.
  func tell(_ withdrawn: [(scope: ConsentEvent.Scope, asOf: EventTime)], of learner: NamedLearner) async throws {
    let notice = await ControlPublisher(self).publish(withdrawn, of: learner)
    console.note("control topic \(notice.text)\n")
    guard notice.told else {
      console.note(ControlNotice.remedy)
      throw ExitCode.failure
    }
  }
}
