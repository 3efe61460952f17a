package import KafkaIO
package import LearningEvents
package import Persistence

/// What PostgreSQL said at one moment.
package struct LedgerObservation: Sendable {
  package var at: EventTime
  /// The newest incarnation of each partition, of one cluster if it is known.
  package var ledgers: [LedgerRow]
  /// Rejects of these ledgers, by code: all of them, or only those since the first observation.
  package var rejects: [RejectCode: Int64]
  package var rejectsAreWhole: Bool

  package init(
    at: EventTime, ledgers: [LedgerRow], rejects: [RejectCode: Int64] = [:], rejectsAreWhole: Bool = true
  ) {
    (self.at, self.ledgers, self.rejects, self.rejectsAreWhole) = (at, ledgers, rejects, rejectsAreWhole)
  }
}

/// What Kafka said at one moment, asked after a ledger observation.
package struct LogObservation: Sendable {
  /// A log's first offset, and the one its next record gets.
  package struct Ends: Sendable, Equatable {
    package var low, high: Int64

    package init(low: Int64, high: Int64) { (self.low, self.high) = (low, high) }

    /// The offsets from its beginning to its end.
    package var count: Int64 { max(0, high - low) }
  }

  package var at: EventTime
  package var clusterID: ClusterID
  /// By ledger.
  package var ends: [Int32: Ends] = [:]
  /// Why workers park a ledger, in words.
  package var parked: [Int32: String] = [:]
  /// When the record that waits first was written, for ledgers that have stored none to go by.
  package var waitingSince: [Int32: EventTime] = [:]
  /// Partitions of the topics that no worker has claimed yet.
  package var unclaimed: [TopicPartition: Ends] = [:]

  package init(at: EventTime, clusterID: ClusterID) { (self.at, self.clusterID) = (at, clusterID) }
}

/// What the workers' `/metrics` said at one moment: batches stored since each began, and the time they took.
package struct WorkerObservation: Sendable {
  package struct Batches: Sendable, Equatable {
    package var count: Int64
    package var seconds: Double

    package init(count: Int64, seconds: Double) { (self.count, self.seconds) = (count, seconds) }
  }

  package var at: EventTime
  /// By address; those that did not answer are left out.
  package var batches: [String: Batches]

  package init(at: EventTime, batches: [String: Batches]) { (self.at, self.batches) = (at, batches) }
}
