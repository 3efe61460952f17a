import KafkaIO
import LearningEvents
import Persistence
import Services
import Telemetry

/// Questions to Kafka that block until the broker answers: asked on a thread of their own, never on the poll thread,
/// one at a time, and repeated while the broker is away. Whoever is told to stop does not wait for the answer.
///
/// They have a client of their own too: behind the consumer's, they would stand in line after its fetches, each of
/// which the broker holds open until there are records or half a second is over.
struct LogProbe: Sendable {
  private actor Thread {
    nonisolated let executor = ThreadExecutor(name: "kafka-probe")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private let client: KafkaAdmin
    private let reader: SingleRecordReader

    init(client: sending KafkaAdmin, reader: sending SingleRecordReader) {
      (self.client, self.reader) = (client, reader)
    }

    func ask<Value: Sendable>(
      _ question: @Sendable (KafkaAdmin, SingleRecordReader) throws -> Value
    ) throws -> Value {
      try question(client, reader)
    }
  }

  private let thread: Thread
  private let logger: Logger
  /// Of one call; a leader that has died answers nothing, and the next one is found after it.
  private static let deadline = Duration.seconds(3)

  /// - Parameter keepsReader: true for whoever asks about many partitions in a row: a client is connected once for all
  ///   of their last records, and stays until the probe goes. Else it goes with each answer.
  init(settings: KafkaSettings, keepsReader: Bool = false, logger: Logger) throws(KafkaError) {
    thread = Thread(
      // A question to a broker that has just gone takes this long, whatever the call's own timeout says.
      client: try KafkaAdmin(settings: settings.adding(["socket.timeout.ms": "5000"]), logger: logger),
      reader: SingleRecordReader(settings: settings, staysConnected: keepsReader, logger: logger))
    self.logger = logger
  }

  func watermarks(of partition: TopicPartition, until stop: StopFlag) async throws -> (low: Int64, high: Int64) {
    try await answer(until: stop) { client, _ in try client.watermarks(of: partition, timeout: Self.deadline) }
  }

  /// A topic's settings; nil if there is no such topic, or the broker does not tell.
  func settings(of topic: TopicName, until stop: StopFlag) async throws -> TopicSettings? {
    try await stop.abandoning {
      try await thread.ask { client, _ in
        (try? client.configuration(of: topic, timeout: Self.deadline)).map { TopicSettings($0) }
      }
    }
  }

  /// The high watermark of every partition of a topic; empty if there is no such topic.
  func ends(of topic: TopicName, until stop: StopFlag) async throws -> [Int32: Int64] {
    var ends: [Int32: Int64] = [:]
    for number in 0..<(try await partitionCount(of: topic, until: stop)) {
      ends[number] = try await watermarks(of: TopicPartition(topic: topic, partition: number), until: stop).high
    }
    return ends
  }

  /// 0 if there is no such topic.
  func partitionCount(of topic: TopicName, until stop: StopFlag) async throws -> Int32 {
    Int32(
      try await answer(until: stop) { client, _ in try client.partitionCount(of: topic, timeout: Self.deadline) } ?? 0)
  }

  func clusterID(until stop: StopFlag) async throws -> ClusterID {
    try await answer(until: stop) { client, _ in try client.clusterID(timeout: Self.deadline) }
  }

  /// Kafka's id of a topic; nil where it is not told, for whatever reason: the log's records are compared all the same.
  func topicID(of topic: TopicName, until stop: StopFlag) async throws -> TopicID? {
    try await stop.abandoning {
      try await thread.ask { client, _ in try? client.topicID(of: topic, timeout: Self.deadline) }
    }
  }

  /// What the log holds at these offsets, which ascend and lie close together.
  ///
  /// - Parameter asksForTopic: whether the topic's id is asked for too.
  func contents(
    of partition: TopicPartition, at offsets: [Int64], asksForTopic: Bool, until stop: StopFlag
  ) async throws -> LogContents {
    let (low, high) = try await watermarks(of: partition, until: stop)
    let wanted = offsets.filter { $0 >= low && $0 < high }
    let records = try await answer(until: stop) { _, reader in
      try reader.records(at: wanted, in: partition, timeout: Self.deadline)
    }
    let topicID = asksForTopic ? try await topicID(of: partition.topic, until: stop) : nil
    return LogContents(low: low, high: high, records: records, topicID: topicID)
  }

  /// What the log holds at these offsets, wherever they lie.
  func scattered(
    of partition: TopicPartition, at offsets: [Int64], until stop: StopFlag
  ) async throws -> LogContents {
    let (low, high) = try await watermarks(of: partition, until: stop)
    return try await scattered(of: partition, low, high, at: offsets, until: stop)
  }

  private func scattered(
    of partition: TopicPartition, _ low: Int64, _ high: Int64, at offsets: [Int64], until stop: StopFlag
  ) async throws -> LogContents {
    let wanted = offsets.filter { $0 >= low && $0 < high }
    let records = try await answer(until: stop) { _, reader in
      try reader.marks(at: wanted, in: partition, timeout: Self.deadline)
    }
    return LogContents(low: low, high: high, records: records)
  }

  /// Why a ledger does not fit its log; nil if it does.
  ///
  /// - Parameters:
  ///   - topicID: of the topic that the ledger reads; nil if it does not know.
  ///   - stored: what is known of records that were stored from the log, in the order of their offsets.
  func reasonToPark(
    _ partition: TopicPartition, nextOffset: Int64, topicID: TopicID?, stored: [RecordMark], until stop: StopFlag
  ) async throws -> ParkReason? {
    // Of a topic that was made again nothing is lost before anything was read.
    if let topicID, nextOffset > 0 {
      let found = try await self.topicID(of: partition.topic, until: stop)
      if let reason = ParkReason(topicID: topicID, found: found) { return reason }
    }
    let watermarks = try await watermarks(of: partition, until: stop)
    if let reason = ParkReason(
      nextOffset: nextOffset, lowWatermark: watermarks.low, highWatermark: watermarks.high)
    {
      return reason
    }
    let contents = try await scattered(
      of: partition, watermarks.low, watermarks.high, at: stored.map(\.offset), until: stop)
    return ParkReason(stored: stored, in: contents)
  }

  private func answer<Value: Sendable>(
    until stop: StopFlag, _ question: @escaping @Sendable (KafkaAdmin, SingleRecordReader) throws -> Value
  ) async throws -> Value {
    var backoff = Backoff()
    while true {
      try stop.check()
      do {
        return try await stop.abandoning { try await thread.ask(question) }
      } catch let error as KafkaError {
        // A topic that is being made anew answers so for a while; a worker does not die for it.
        let isPassing: Set<KafkaError.Code> = [.unknownTopic, .unknownPartition, .unknownTopicOrPartition]
        guard error.isRetryable || isPassing.contains(error.code) else { throw error }
        logger.warning("Kafka did not answer; asking again", metadata: ["error": .string(error.description)])
      }
      try await stop.sleep(for: backoff.delay())
    }
  }
}
