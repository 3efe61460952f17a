import KafkaIO
import Services
import Telemetry

/// A worker: a member of the consumer group that turns frame and control records into rows, exactly once relative to
/// the log.
///
/// One thread polls; each assigned partition has a task; all of them share one database connection. The worker is
/// stateless: stop it, kill it, run several.
package struct IngestWorker: Service {
  private let parts: IngestParts
  /// Whether the worker is ready, for `/ready`.
  package let health = IngestHealth()

  package init(_ parts: IngestParts) { self.parts = parts }

  /// Runs until graceful shutdown: then it stores what it is working on, leaves the group and returns.
  ///
  /// - Throws: what a person has to mend: another secret or schema than the database's, another group's ledger, an
  ///   error of PostgreSQL or Kafka that is not transient.
  package func run() async throws {
    let database = parts.database(reporting: health)
    let start = ContinuousClock.now
    defer {
      parts.logger.info(
        "the worker ends",
        metadata: RecordCounts(IngestMetrics(parts.registry)).metadata(over: start.duration(to: .now)))
    }
    try await StopFlag.raisedByShutdown { stop in
      try await database.closing {
        let group = try await services(over: database, until: stop)
        try await withGracefulShutdownHandler {
          try await group.run()
        } onGracefulShutdown: {
          group.triggerGracefulShutdown()
        }
      }
    }
  }

  /// The services of a worker whose database, secret, schema and broker are the right ones, in the order in which they
  /// start. They end the other way round: first the partitions, which store what they are working on, and last the poll
  /// thread, which leaves the consumer group.
  private func services(over database: IngestDatabase, until stop: StopFlag) async throws -> ServiceGroup {
    try await parts.prepare(database, until: stop)
    let (settings, kafka, logger) = (parts.settings, parts.kafka, parts.logger)
    let consumer = try KafkaConsumer(
      settings: kafka, groupID: settings.consumerGroup, topics: [settings.frameTopic, settings.controlTopic],
      logger: logger)
    let probe = try LogProbe(settings: kafka, logger: logger)
    if kafka.groupInstanceID != nil, MockCluster.isClusterID(try await probe.clusterID(until: stop)) {
      throw IngestError.noStaticMembership
    }
    let (events, continuation) = AsyncStream<PollLoop.Event>.makeStream()
    let loop = PollLoop(
      consumer: consumer, interval: settings.pollInterval, events: continuation, logger: logger,
      clock: parts.clock)
    let context = IngestContext(
      judging: parts.judging, clusterID: try await settings.clusterID(asking: probe, until: stop), database: database,
      loop: loop, probe: probe, chainProbe: try LogProbe(settings: kafka, keepsReader: true, logger: logger),
      health: health)
    let services: [any Service] = [
      PollService(loop: loop, consumer: consumer),
      PartitionUpkeep(database: database, registry: parts.registry, logger: logger),
      ConnectionWatch(database: database, loop: loop, health: health, metrics: context.metrics),
      try ControlWatch(context: context, kafka: kafka),
      TopicWatch(
        probe: try LogProbe(settings: kafka, logger: .silent), topic: settings.frameTopic, registry: parts.registry,
        logger: logger),
      try MissingTopicWatch(context: context, kafka: kafka),
      try LagWatch(context: context, kafka: kafka, registry: parts.registry),
      ActivityLog(metrics: context.metrics, interval: settings.activityInterval, logger: logger),
      Coordinator(context: context, events: events),
    ]
    try consumer.subscribe()
    // Signals and the deadline are the surrounding group's, and it logs how the worker ends.
    return ServiceGroup(services: services, gracefulShutdownSignals: [], shutdownDeadline: nil, logger: .silent)
  }
}
