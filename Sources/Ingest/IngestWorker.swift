package import Cryptography
package import KafkaIO
package import LearningEvents
package import Persistence
package import PostgresIO
package import Recognition
import Services
import Synchronization
package import Telemetry

/// A worker: a member of the consumer group that turns frame and control records into rows, exactly once relative to
/// the log.
///
/// One thread polls; each assigned partition has a task; all of them share one database connection. The worker is
/// stateless: stop it, kill it, run several.
package struct IngestWorker: Service {
  private let settings: IngestSettings
  private let kafka: KafkaSettings
  private let postgres: PostgresSettings
  private let recognizer: any FrameRecognizing
  private let model: ModelDescription
  private let pseudonymizer: LearnerPseudonymizer
  private let registry: MetricsRegistry
  private let logger: Logger
  private let clock: @Sendable () -> EventTime
  /// Whether the worker is ready, for `/ready`.
  package let health = IngestHealth()

  package init(
    settings: IngestSettings, kafka: KafkaSettings, postgres: PostgresSettings, recognizer: any FrameRecognizing,
    model: ModelDescription, pseudonymizer: LearnerPseudonymizer, registry: MetricsRegistry, logger: Logger,
    clock: @escaping @Sendable () -> EventTime
  ) {
    self.settings = settings
    self.kafka = kafka
    self.postgres = postgres
    self.recognizer = recognizer
    self.model = model
    self.pseudonymizer = pseudonymizer
    self.registry = registry
    self.logger = logger
    self.clock = clock
  }

  /// Runs until graceful shutdown: then it stores what it is working on, leaves the group and returns.
  ///
  /// - Throws: what a person has to mend: another secret or schema than the database's, another group's ledger, an
  ///   error of PostgreSQL or Kafka that is not transient.
  package func run() async throws {
    let stopping = StopFlag()
    try await withGracefulShutdownHandler {
      do {
        try await work(until: stopping)
      } catch is StopRequested {
        return
      }
    } onGracefulShutdown: {
      stopping.raise()
    }
  }

  private func work(until stopping: StopFlag) async throws {
    let metrics = IngestMetrics(registry)
    let database = IngestDatabase(settings: postgres, registry: registry, health: health, logger: logger)
    try await database.prepare(fingerprint: pseudonymizer.fingerprint, model: model, until: stopping)

    let consumer = try KafkaConsumer(
      settings: kafka, groupID: settings.consumerGroup, topics: [settings.frameTopic, settings.controlTopic],
      logger: logger)
    let probe = try LogProbe(settings: kafka, logger: logger)
    if kafka.groupInstanceID != nil, MockCluster.isClusterID(try await probe.clusterID(until: stopping)) {
      throw IngestError.noStaticMembership
    }
    let clusterID: String
    if let given = settings.clusterID {
      clusterID = given
    } else {
      clusterID = try await probe.clusterID(until: stopping)
    }
    let (events, continuation) = AsyncStream<PollLoop.Event>.makeStream()
    let loop = PollLoop(
      consumer: consumer, interval: settings.pollInterval, events: continuation, logger: logger, clock: clock)
    let context = IngestContext(
      settings: settings, clusterID: clusterID, database: database, loop: loop, probe: probe, recognizer: recognizer,
      pseudonymizer: pseudonymizer, metrics: metrics, health: health, logger: logger, clock: clock)
    let control = try ControlWatch(context: context, kafka: kafka)

    let thread = ThreadExecutor(name: "kafka-poll")
    try consumer.subscribe()
    let polling = Task { await thread.run { loop.run() } }
    let waiting = Task {
      await stopping.wait()
      continuation.yield(.shutdown)
    }
    let upkeep = PartitionUpkeep(database: database, registry: registry, clock: clock, logger: logger)
    let keeping = Task { await upkeep.run(until: stopping) }
    let watch = ConnectionWatch(database: database, loop: loop)
    let watching = Task { await watch.run(until: stopping) }
    let controlling = Task { await control.run(until: stopping) }
    var failure: (any Error)?
    do {
      try await Coordinator(context: context, consumer: consumer).follow(events)
    } catch {
      failure = error
    }
    stopping.raise()
    await waiting.value
    await keeping.value
    await watching.value
    await controlling.value
    loop.send(.stop)
    await polling.value
    // Leaving the group waits for the broker: not on a cooperative thread.
    await thread.run { consumer.close() }
    await database.close()
    if let failure { throw failure }
  }
}
