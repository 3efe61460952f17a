package import LearningEvents

/// Everything a worker is told about how to ingest.
package struct IngestSettings: Sendable {
  package var frameTopic = EventTopics.frames
  package var controlTopic = EventTopics.control
  package var consumerGroup = "lectern"
  /// The cluster id the ledger is kept under; nil asks the broker. The embedded broker has none worth keeping.
  package var clusterID: ClusterID?
  /// The interval between a session's frames unless the LMS declares one; written into each session's row.
  package var frameIntervalMilliseconds: Int32 = 1000
  package var judge = FrameJudge()
  /// The LMSs that may speak on each topic.
  package var sources = EventSources.all
  /// Records in one batch, at most.
  package var batchRecords = 2000
  /// Bytes in one batch, at most.
  package var batchBytes = 16 << 20
  /// Bytes of records that wait for recognition or the database or are worked on, over all partitions of a worker; each
  /// gets an equal share, of at least `leastShareBytes`. librdkafka holds up to 32 MiB of values more, fetched ahead.
  package var queuedBytes = 40 << 20
  /// How long a record may wait for company, and how long recognition may go on before what is done is stored.
  package var batchAge: Duration = .milliseconds(200)
  /// Frames given to recognition at a time, between which a worker looks whether it should stop.
  package var recognitionChunk = 8
  /// How long a partition that is taken away may take to store what it is working on.
  package var revocationGrace: Duration = .seconds(5)
  /// How long the poll thread waits for the broker before it looks after its partitions again.
  package var pollInterval: Duration = .milliseconds(50)
  /// How often a parked partition is looked at again: this long after an operator's decision, at most, it goes on.
  package var parkedInterval: Duration = .seconds(5)

  /// How often it is found out how far this worker's partitions are behind their logs.
  package var lagInterval: Duration = .seconds(15)
  /// How often a line in the log says what was stored, if anything was.
  package var activityInterval: Duration = .seconds(60)

  /// The least share of `queuedBytes`: a worker with very many partitions holds more, rather than a record at a time.
  static let leastShareBytes = 1 << 20

  package init() {}

  /// The LMSs whose frames are taken; nil is any.
  var frameSources: Set<SourceID>? { sources.admitted(to: frameTopic) }
  /// The LMSs whose control events are taken; nil is any.
  var controlSources: Set<SourceID>? { sources.admitted(to: controlTopic) }

  /// What one of so many partitions may hold.
  func share(of partitions: Int) -> Int { max(queuedBytes / max(partitions, 1), Self.leastShareBytes) }

  /// The name the ledger keeps the cluster under: the configured one, else the cluster's own.
  func clusterID(asking probe: LogProbe, until stop: StopFlag) async throws -> ClusterID {
    if let clusterID { return clusterID }
    return try await probe.clusterID(until: stop)
  }

  var queueLimits: PartitionQueueLimits {
    PartitionQueueLimits(
      batchCount: batchRecords, batchBytes: batchBytes, batchAge: batchAge, queueCount: batchRecords * 4,
      queueBytes: batchBytes * 2)
  }
}
