package import Cryptography
package import KafkaIO
package import LearningEvents
package import Persistence
package import PostgresIO
package import Recognition
package import Telemetry

/// What a worker, and a retry of rejects, is put together from.
package struct IngestParts: Sendable {
  package var settings: IngestSettings
  package var kafka: KafkaSettings
  package var postgres: PostgresSettings
  package var recognizer: any FrameRecognizing
  package var model: ModelDescription
  package var pseudonymizer: LearnerPseudonymizer
  package var registry: MetricsRegistry
  package var logger: Logger
  package var clock: @Sendable () -> EventTime

  package init(
    settings: IngestSettings, kafka: KafkaSettings, postgres: PostgresSettings, recognizer: any FrameRecognizing,
    model: ModelDescription, pseudonymizer: LearnerPseudonymizer, registry: MetricsRegistry, logger: Logger,
    clock: @escaping @Sendable () -> EventTime
  ) {
    (self.settings, self.kafka, self.postgres) = (settings, kafka, postgres)
    (self.recognizer, self.model, self.pseudonymizer) = (recognizer, model, pseudonymizer)
    (self.registry, self.logger, self.clock) = (registry, logger, clock)
  }

  func database(reporting health: IngestHealth) -> IngestDatabase {
    IngestDatabase(settings: postgres, registry: registry, health: health, logger: logger, clock: clock)
  }

  /// Refuses another schema or secret than the database's and a topic on which no LMS may speak, and makes the model
  /// known.
  func prepare(_ database: IngestDatabase, until stop: StopFlag) async throws {
    for topic in [settings.frameTopic, settings.controlTopic]
    where settings.sources.admitted(to: topic)?.isEmpty == true { throw IngestError.noSource(of: topic) }
    try await database.prepare(fingerprint: pseudonymizer.fingerprint, model: model, until: stop)
  }

  var judging: JudgingContext {
    JudgingContext(
      settings: settings, recognizer: recognizer, pseudonymizer: pseudonymizer, metrics: IngestMetrics(registry),
      logger: logger, clock: clock)
  }
}
