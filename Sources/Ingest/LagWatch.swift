import KafkaIO
import LearningEvents
import Persistence
import PostgresIO
import Services
import Synchronization
import Telemetry

/// Looks again and again how far the ledgers of this worker's partitions are behind their logs, and tells it as
/// metrics: `lectern_ingest_lag_records` and `lectern_ingest_lag_seconds`, by topic.
///
/// From the ledgers and not from what is in work, so that a parked partition, and one whose claim waits, has its lag
/// too.
struct LagWatch: Service {
  private let context: IngestContext
  /// A client of its own, which stays connected: nobody waits behind its questions.
  private let probe: LogProbe
  private let lag: SharedLag

  /// Where the log was looked into for the time of the record that waits first.
  private struct FirstRecord {
    var offset: Int64
    var writtenAt: EventTime?
  }

  /// Read by the thread that asks for the metrics.
  private final class SharedLag: Sendable {
    let state = Mutex(IngestLag())
    var value: IngestLag { state.withLock(\.self) }
  }

  init(context: IngestContext, kafka: KafkaSettings, registry: MetricsRegistry) throws(KafkaError) {
    self.context = context
    // Silent: the partitions' probe reports a broker that does not answer.
    probe = try LogProbe(settings: kafka, keepsReader: true, logger: .silent)
    let lag = SharedLag()
    self.lag = lag
    let clock = context.judging.clock
    for role in TopicRole.allCases {
      let topic = context.settings.topic(role)
      registry.gauge(
        "lectern_ingest_lag_records", help: "Records of this worker's partitions that wait to be stored, by topic",
        labels: ["topic": role.rawValue]
      ) { lag.value.records(of: topic).map(Double.init) }
      registry.gauge(
        "lectern_ingest_lag_seconds",
        help: "Age of the oldest record that waits to be stored, by topic; 0 if none does",
        labels: ["topic": role.rawValue]
      ) { lag.value.seconds(of: topic, at: clock()) }
    }
  }

  /// Looks until shutdown. A look that fails leaves what was seen last, whose age goes on growing.
  func run() async throws {
    try await StopFlag.raisedByShutdown { stop in
      var firsts: [TopicPartition: FirstRecord] = [:]
      while true {
        let held = context.assignment.partitions
        lag.state.withLock { $0.keep(held) }
        firsts = firsts.filter { held.contains($0.key) }
        for role in TopicRole.allCases {
          do {
            try await look(at: held, of: context.settings.topic(role), &firsts, until: stop)
          } catch  where !(error is StopRequested) {
            context.logger.debug("the lag was not found out", metadata: ["error": .string("\(error)")])
          }
        }
        // Sooner where the group gave or took partitions, so that their lag is never missing for long.
        let next = ContinuousClock.now + context.settings.lagInterval
        repeat {
          try await stop.sleep(for: min(context.settings.lagInterval, .milliseconds(200)))
        } while ContinuousClock.now < next && context.assignment.partitions == held
      }
    }
  }

  private func look(
    at held: Set<TopicPartition>, of topic: TopicName, _ firsts: inout [TopicPartition: FirstRecord],
    until stop: StopFlag
  ) async throws {
    let own = held.filter { $0.topic == topic }
    guard !own.isEmpty else { return }
    // The ledgers first: a log that is read to its end is then never behind them.
    let ledgers = try await context.database.attempt {
      try await $0.newestLedgers(clusterID: context.clusterID, topic: topic)
    }
    for place in own.sorted() {
      let (low, high) = try await probe.watermarks(of: place, until: stop)
      let next = ledgers[place.partition]?.nextOffset ?? low
      var writtenAt: EventTime?
      if high > next {
        if firsts[place]?.offset != next {
          firsts[place] = FirstRecord(offset: next, writtenAt: try await time(at: next, in: place, until: stop))
        }
        writtenAt = firsts[place]?.writtenAt ?? ledgers[place.partition]?.last?.timestamp
      }
      let now = context.judging.clock()
      lag.state.withLock { $0.take(place, records: high - next, writtenAt: writtenAt, at: now) }
    }
  }

  /// The time that the record at an offset carries; nil where there is none, or it has no time.
  private func time(at offset: Int64, in place: TopicPartition, until stop: StopFlag) async throws -> EventTime? {
    try await probe.scattered(of: place, at: [offset], until: stop).records[offset]?.timestamp
  }
}
