package import KafkaIO
package import LearningEvents

/// Which rejects are judged once more.
package struct RetrySelection: Sendable {
  /// Of these codes; nil is all.
  package var codes: [RejectCode]?
  package var partition: Int32?
  /// At most so many.
  package var limit: Int?

  package init(codes: [RejectCode]? = nil, partition: Int32? = nil, limit: Int? = nil) {
    (self.codes, self.partition, self.limit) = (codes, partition, limit)
  }
}

/// What became of rejects that were to be judged once more.
package struct RetryReport: Sendable, Equatable {
  package var samples: Int64 = 0
  package var duplicates: Int64 = 0
  /// Rejected again, with the verdict of now.
  package var rejects: Int64 = 0
  /// Judged by somebody else meanwhile, and left.
  package var untouched: Int64 = 0
  /// The log holds them no more, and they stay as they are.
  package var gone: Int64 = 0
  /// Partitions that were left out because their ledger does not fit the log.
  package var parked: [TopicPartition: ParkReason] = [:]
  /// Partitions that were left midway: their ledger became another or an older one, as after a restore.
  package var abandoned: [TopicPartition] = []

  package init() {}

  package var looked: Int64 { samples + duplicates + rejects + untouched + gone }
}
