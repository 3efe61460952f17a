package import LearningEvents

/// Which log: one partition of one topic of one Kafka cluster.
package struct LogIdentity: Sendable, Hashable {
  package var clusterID: ClusterID
  package var topic: TopicName
  /// Counts how often an operator declared the topic to be a new log under its old name; nil takes the newest known.
  package var incarnation: Int32?
  package var partition: Int32

  package init(clusterID: ClusterID, topic: TopicName, incarnation: Int32? = nil, partition: Int32) {
    (self.clusterID, self.topic, self.incarnation, self.partition) = (clusterID, topic, incarnation, partition)
  }
}

/// What identifies a record that a ledger took, to tell whether the log is still the same.
package struct RecordMark: Sendable, Hashable {
  package var offset: Int64
  package var timestampMilliseconds: Int64?
  /// A hash of the event's id, made by the worker.
  package var idHash: Int64
  /// The epoch of the leader that took the record; nil where the broker or librdkafka does not tell.
  package var leaderEpoch: Int32?

  package init(offset: Int64, timestampMilliseconds: Int64?, idHash: Int64, leaderEpoch: Int32? = nil) {
    (self.offset, self.timestampMilliseconds, self.idHash) = (offset, timestampMilliseconds, idHash)
    self.leaderEpoch = leaderEpoch
  }

  /// Whether both are of one record. An epoch that one of them does not know tells nothing: who stored the record may
  /// have had another librdkafka.
  package func isSame(as other: RecordMark) -> Bool {
    (offset, timestampMilliseconds, idHash) == (other.offset, other.timestampMilliseconds, other.idHash)
      && (leaderEpoch == nil || other.leaderEpoch == nil || leaderEpoch == other.leaderEpoch)
  }
}

/// Where a ledger stands.
package struct LedgerState: Sendable, Equatable {
  package let ledgerID: Int32
  package let epoch: Int64
  package let nextOffset: Int64
  package let last: RecordMark?
  /// Of the topic that it reads; nil where that was never told.
  package var topicID: TopicID?

  package init(ledgerID: Int32, epoch: Int64, nextOffset: Int64, last: RecordMark?, topicID: TopicID? = nil) {
    (self.ledgerID, self.epoch, self.nextOffset, self.last) = (ledgerID, epoch, nextOffset, last)
    self.topicID = topicID
  }
}

/// How one transaction moves a ledger: from `expectedOffset` to `nextOffset`, under the caller's epoch.
package struct LedgerStep: Sendable, Equatable {
  package var ledgerID: Int32
  package var epoch: Int64
  package var expectedOffset: Int64
  package var nextOffset: Int64
  /// Offsets in between that carry no record.
  package var skipped: Int64
  /// The last record of the step; nil if there was none, only skipped offsets.
  package var last: RecordMark?

  package init(
    ledgerID: Int32, epoch: Int64, expectedOffset: Int64, nextOffset: Int64, skipped: Int64 = 0,
    last: RecordMark? = nil
  ) {
    (self.ledgerID, self.epoch) = (ledgerID, epoch)
    (self.expectedOffset, self.nextOffset, self.skipped) = (expectedOffset, nextOffset, skipped)
    self.last = last
  }
}

/// A record that became no sample. `detail` holds no id and nothing of the payload; at most 1000 bytes.
package struct RejectRow: Sendable, Equatable {
  package var offset: Int64
  package var code: RejectCode
  package var detail: String
  package var recordTimestamp: EventTime?
  /// What the LMS finds its record by.
  package var reference: EventReference

  package init(
    offset: Int64, code: RejectCode, detail: String, recordTimestamp: EventTime?,
    reference: EventReference = EventReference()
  ) {
    (self.offset, self.code, self.detail, self.recordTimestamp) = (offset, code, detail, recordTimestamp)
    self.reference = reference
  }
}
