import KafkaIO
import LearningEvents
import Persistence
import Services
import Telemetry

/// Questions to Kafka that block until the broker answers: asked on a thread of their own, never on the poll thread,
/// and repeated while the broker is away.
///
/// They have a client of their own too: behind the consumer's, they would stand in line after its fetches, each of
/// which the broker holds open until there are records or half a second is over.
actor LogProbe {
  nonisolated let executor = ThreadExecutor(name: "kafka-probe")
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  private let client: KafkaAdmin
  private let reader: SingleRecordReader
  private let logger: Logger
  private static let deadline = Duration.seconds(5)

  /// - Parameter keepsReader: true for whoever asks about many partitions in a row: a client is connected once for all
  ///   of their last records, and stays until the probe goes. Else it goes with each answer.
  init(settings: KafkaSettings, keepsReader: Bool = false, logger: Logger) throws(KafkaError) {
    // A question to a broker that has just gone takes this long, whatever the call's own timeout says.
    client = try KafkaAdmin(settings: settings.adding(["socket.timeout.ms": "5000"]), logger: logger)
    reader = SingleRecordReader(settings: settings, staysConnected: keepsReader, logger: logger)
    self.logger = logger
  }

  func watermarks(of partition: TopicPartition, until stop: StopFlag) async throws -> (low: Int64, high: Int64) {
    try await repeating(until: stop) { try client.watermarks(of: partition, timeout: Self.deadline) }
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
    Int32(try await repeating(until: stop) { try client.partitionCount(of: topic, timeout: Self.deadline) } ?? 0)
  }

  func clusterID(until stop: StopFlag) async throws -> ClusterID {
    try await repeating(until: stop) { try client.clusterID(timeout: Self.deadline) }
  }

  /// Whether the log still holds the record the ledger stored last; true where that offset holds no record any more,
  /// as compaction may leave it.
  func holds(_ last: LastRecord, in partition: TopicPartition, until stop: StopFlag) async throws -> Bool {
    try await repeating(until: stop) { try reader.holds(last, in: partition, timeout: Self.deadline) }
  }

  /// Why a ledger does not fit its log; nil if it does.
  func reasonToPark(
    _ partition: TopicPartition, nextOffset: Int64, last: LastRecord?, until stop: StopFlag
  ) async throws -> ParkReason? {
    let watermarks = try await watermarks(of: partition, until: stop)
    if let reason = ParkReason(
      nextOffset: nextOffset, lowWatermark: watermarks.low, highWatermark: watermarks.high)
    {
      return reason
    }
    guard let last, last.offset >= watermarks.low else { return nil }
    return try await holds(last, in: partition, until: stop) ? nil : .lastRecordDiffers(offset: last.offset)
  }

  private func repeating<Value: Sendable>(
    until stop: StopFlag, _ question: () throws -> Value
  ) async throws -> Value {
    var backoff = Backoff()
    while true {
      try stop.check()
      do {
        return try question()
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
