package import KafkaIO
package import LearningEvents
package import Persistence
package import Telemetry

/// A partition's ledger beside its log, for an operator who has to decide about it.
package struct LedgerExamination: Sendable, Equatable {
  package let ledger: LedgerRow
  /// The first offset the log still holds, and the one its next record gets.
  package let lowWatermark: Int64
  package let highWatermark: Int64
  /// Why workers park the partition; nil if they do not.
  package let reason: ParkReason?

  package var partition: TopicPartition {
    TopicPartition(topic: ledger.log.topic, partition: ledger.log.partition)
  }

  package init(ledger: LedgerRow, lowWatermark: Int64, highWatermark: Int64, reason: ParkReason?) {
    (self.ledger, self.reason) = (ledger, reason)
    (self.lowWatermark, self.highWatermark) = (lowWatermark, highWatermark)
  }

  /// Of a partition that the cluster does not have: a new log would begin at 0.
  package init(gone ledger: LedgerRow) {
    self.init(
      ledger: ledger, lowWatermark: 0, highWatermark: 0,
      reason: ledger.nextOffset > 0 ? .logIsGone(nextOffset: ledger.nextOffset) : nil)
  }

  /// Compares the newest ledger of each partition with the log, as a worker does when it claims it, but by all marks.
  ///
  /// - Parameter ledgers: of one cluster, the one `kafka` reaches; older incarnations are left out.
  /// - Parameter deadline: of each partition, so that many of them, or distant brokers, are no silence.
  /// - Throws: `KafkaError`; code `timedOut` if the brokers do not answer about a partition for as long as `deadline`.
  package static func run(
    _ ledgers: [LedgerRow], kafka: KafkaSettings, deadline: Duration = .seconds(30), logger: Logger
  ) async throws -> [LedgerExamination] {
    let probe = try LogProbe(settings: kafka, keepsReader: true, logger: logger)
    var examinations: [LedgerExamination] = []
    for ledger in newest(ledgers) {
      let examination = try await StopFlag.within(deadline, while: "comparing a ledger with its log") { stop in
        let partition = TopicPartition(topic: ledger.log.topic, partition: ledger.log.partition)
        let watermarks = try await probe.watermarks(of: partition, until: stop)
        let reason = try await probe.reasonToPark(
          partition, nextOffset: ledger.nextOffset, topicID: ledger.topicID, stored: ledger.marks.and(ledger.last),
          until: stop)
        return LedgerExamination(
          ledger: ledger, lowWatermark: watermarks.low, highWatermark: watermarks.high, reason: reason)
      }
      examinations.append(examination)
    }
    return examinations
  }

  /// The same for ledgers whose topics may be gone: those are told apart instead of waited for.
  ///
  /// - Returns: beside the examinations the ledgers whose partition the cluster does not have, and which topics it has
  ///   none of.
  package static func survey(
    _ ledgers: [LedgerRow], kafka: KafkaSettings, deadline: Duration = .seconds(30), logger: Logger
  ) async throws -> (examinations: [LedgerExamination], withoutLog: [LedgerRow], missingTopics: Set<TopicName>) {
    let probe = try LogProbe(settings: kafka, logger: logger)
    let newest = newest(ledgers)
    var counts: [TopicName: Int32] = [:]
    for topic in Set(newest.map(\.log.topic)) {
      counts[topic] = try await StopFlag.within(deadline, while: "asking for a ledger's topic") { stop in
        try await probe.partitionCount(of: topic, until: stop)
      }
    }
    let withoutLog = newest.filter { $0.log.partition >= counts[$0.log.topic, default: 0] }
    let present = newest.filter { $0.log.partition < counts[$0.log.topic, default: 0] }
    return (
      try await run(present, kafka: kafka, deadline: deadline, logger: logger), withoutLog,
      Set(counts.filter { $0.value == 0 }.keys)
    )
  }

  /// The cluster that `kafka` reaches, under its own name.
  package static func clusterID(
    kafka: KafkaSettings, deadline: Duration = .seconds(30), logger: Logger
  ) async throws -> ClusterID {
    let probe = try LogProbe(settings: kafka, logger: logger)
    return try await StopFlag.within(deadline, while: "asking for the cluster's id") { stop in
      try await probe.clusterID(until: stop)
    }
  }

  private static func newest(_ ledgers: [LedgerRow]) -> [LedgerRow] {
    var newest: [TopicPartition: LedgerRow] = [:]
    for ledger in ledgers {
      let partition = TopicPartition(topic: ledger.log.topic, partition: ledger.log.partition)
      guard (newest[partition]?.log.incarnation ?? -1) < (ledger.log.incarnation ?? 0) else { continue }
      newest[partition] = ledger
    }
    return newest.sorted { $0.key < $1.key }.map(\.value)
  }
}

extension StopFlag {
  /// Runs work that repeats its questions until it is stopped, and stops it after a while.
  ///
  /// - Throws: `KafkaError` of code `timedOut` then.
  static func within<Value: Sendable>(
    _ deadline: Duration, while operation: String, _ work: @Sendable (StopFlag) async throws -> Value
  ) async throws -> Value {
    let stop = StopFlag()
    let timer = Task {
      try await Task.sleep(for: deadline)
      stop.raise()
    }
    defer { timer.cancel() }
    do {
      return try await work(stop)
    } catch is StopRequested {
      throw KafkaError(.timedOut, while: operation)
    }
  }
}
