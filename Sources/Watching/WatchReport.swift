import KafkaIO
package import LearningEvents
import Persistence

/// How ingest stands at one moment: what `lectern top` shows and prints as JSON. Ledgers, topics, offsets and counts;
/// nobody.
package struct WatchReport: Sendable, Equatable, Encodable {
  package struct Status: Sendable, Equatable, Encodable {
    package var ok: Bool
    package var problem: String?
    /// Whether it answers and refuses what is asked of it; left out of JSON where it does not.
    package var isRefusal: Bool?
    /// How old what is shown of it is.
    package var ageSeconds: Double?

    package init(ok: Bool, problem: String?, isRefusal: Bool = false, ageSeconds: Double?) {
      (self.ok, self.problem, self.ageSeconds) = (ok, problem, ageSeconds)
      self.isRefusal = isRefusal ? true : nil
    }
  }

  /// Batches that the workers stored within the window.
  package struct Batch: Sendable, Equatable, Encodable {
    package var workers: Int
    package var count: Int64
    package var meanSeconds: Double?

    package init(workers: Int, count: Int64, meanSeconds: Double?) {
      (self.workers, self.count, self.meanSeconds) = (workers, count, meanSeconds)
    }
  }

  package struct Reject: Sendable, Equatable, Encodable {
    package var code: String
    /// Nil where there are too many to count by code.
    package var count: Int64?
    /// Since the watch began.
    package var new: Int64

    package init(code: String, count: Int64?, new: Int64) { (self.code, self.count, self.new) = (code, count, new) }
  }

  package struct Partition: Sendable, Equatable, Encodable {
    package var topic: TopicName
    package var partition: Int32
    /// Nil for a partition that no worker has claimed yet; it has no offsets then.
    package var ledger: Int32?
    package var incarnation: Int32?
    package var next: Int64?
    /// The log's end; nil where Kafka did not say.
    package var end: Int64?
    package var lag: Int64?
    /// How long the oldest record that waits has waited, at most; nil where that cannot be told.
    package var lagSeconds: Double?
    package var recordsPerSecond: Double?
    package var samples, rejects, duplicates, applied: Int64?
    /// Since a batch, a claim or a decision last moved the ledger.
    package var sinceMovedSeconds: Double?
    /// Why workers park it.
    package var parked: String?

    init(
      _ row: LedgerRow, ends: LogObservation.Ends?, lag: Int64?, lagSeconds: Double?, recordsPerSecond: Double?,
      sinceMovedSeconds: Double, parked: String?
    ) {
      (topic, partition, ledger) = (row.log.topic, row.log.partition, row.ledgerID)
      (incarnation, next, end) = (row.log.incarnation, row.nextOffset, ends?.high)
      (self.lag, self.lagSeconds, self.recordsPerSecond) = (lag, lagSeconds, recordsPerSecond)
      (samples, rejects) = (row.counters.samples, row.counters.rejects)
      (duplicates, applied) = (row.counters.duplicates, row.counters.applied)
      (self.sinceMovedSeconds, self.parked) = (sinceMovedSeconds, parked)
    }

    init(unclaimed place: TopicPartition, ends: LogObservation.Ends) {
      (topic, partition) = (place.topic, place.partition)
      (end, lag) = (ends.high, ends.count)
    }

    /// Parked ones first, then those furthest behind, then by name.
    static func isWatchedBefore(_ a: Partition, _ b: Partition) -> Bool {
      if (a.parked != nil) != (b.parked != nil) { return a.parked != nil }
      if (a.lag ?? 0) != (b.lag ?? 0) { return (a.lag ?? 0) > (b.lag ?? 0) }
      return (a.topic, a.partition) < (b.topic, b.partition)
    }
  }

  package var time: String
  package var cluster: ClusterID?
  /// Nil until it was heard of, or if it is not observed.
  package var postgres, kafka, workers: Status?
  package var recordsPerSecond: Double?
  /// Nil unless workers' metrics are observed.
  package var batch: Batch?
  /// By the ledgers' counters; nil until PostgreSQL was heard of.
  package var rejectsTotal: Int64?
  package var rejects: [Reject]
  package var partitions: [Partition]
  package var lagRecords: Int64
  /// Of the partition that is furthest behind in time, as far as that can be told.
  package var lagSeconds: Double?
  /// By how much `lagRecords` grew each second of the last minute, negative where it shrank; nil until that is known.
  package var lagRecordsPerSecond: Double?
  /// How long the backlog takes at that rate; nil where nothing waits, or not less and less.
  package var backlogSeconds: Double?
  package var parked: Int

  init(
    time: String, cluster: ClusterID?, postgres: Status?, kafka: Status?, workers: Status?, recordsPerSecond: Double?,
    batch: Batch?, rejectsTotal: Int64?, rejects: [Reject], partitions: [Partition], backlogPerSecond: Double?
  ) {
    (self.time, self.cluster) = (time, cluster)
    (self.postgres, self.kafka, self.workers) = (postgres, kafka, workers)
    (self.recordsPerSecond, self.batch) = (recordsPerSecond, batch)
    (self.rejectsTotal, self.rejects, self.partitions) = (rejectsTotal, rejects, partitions)
    lagRecords = partitions.reduce(0) { $0 + ($1.lag ?? 0) }
    lagSeconds = lagRecords == 0 ? 0 : partitions.filter { $0.lag ?? 0 > 0 }.compactMap(\.lagSeconds).max()
    lagRecordsPerSecond = backlogPerSecond
    parked = partitions.count { $0.parked != nil }
    if let backlogPerSecond, lagRecords > 0, backlogPerSecond < 0 {
      backlogSeconds = Double(lagRecords) / -backlogPerSecond
    }
  }
}
