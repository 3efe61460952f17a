import Cryptography
package import KafkaIO
package import LearningEvents
package import Persistence
import Services
package import Telemetry

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

  /// - Parameter keepsReader: true for whoever asks about many partitions in a row: a client is connected once for all of their
  ///   last records, and stays until the probe goes. Else it goes with each answer.
  init(settings: KafkaSettings, keepsReader: Bool = false, logger: Logger) throws(KafkaError) {
    // A question to a broker that has just gone takes this long, whatever the call's own timeout says.
    client = try KafkaAdmin(settings: settings.adding(["socket.timeout.ms": "5000"]), logger: logger)
    reader = SingleRecordReader(settings: settings, staysConnected: keepsReader, logger: logger)
    self.logger = logger
  }

  func watermarks(of partition: TopicPartition, until stop: StopFlag) async throws -> (low: Int64, high: Int64) {
    try await repeating(until: stop) { () throws(KafkaError) in
      try client.watermarks(of: partition, timeout: Self.deadline)
    }
  }

  /// Low and high watermark of every partition of a topic; empty if there is no such topic.
  func extents(of topic: String, until stop: StopFlag) async throws -> [Int32: Range<Int64>] {
    var extents: [Int32: Range<Int64>] = [:]
    for number in 0..<(try await partitionCount(of: topic, until: stop)) {
      let watermarks = try await watermarks(of: TopicPartition(topic: topic, partition: number), until: stop)
      extents[number] = watermarks.low..<max(watermarks.low, watermarks.high)
    }
    return extents
  }

  /// 0 if there is no such topic.
  func partitionCount(of topic: String, until stop: StopFlag) async throws -> Int32 {
    let count = try await repeating(until: stop) { () throws(KafkaError) in
      try client.partitionCount(of: topic, timeout: Self.deadline)
    }
    return Int32(count ?? 0)
  }

  func clusterID(until stop: StopFlag) async throws -> String {
    try await repeating(until: stop) { () throws(KafkaError) in
      try client.clusterID(timeout: Self.deadline)
    }
  }

  /// Whether the log still holds the record the ledger stored last; true where that offset holds no record any more,
  /// as compaction may leave it.
  func holds(_ last: LastRecord, in partition: TopicPartition, until stop: StopFlag) async throws -> Bool {
    try await repeating(until: stop) { () throws(KafkaError) in
      try reader.holds(last, in: partition, timeout: Self.deadline)
    }
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
    until stop: StopFlag, _ question: () throws(KafkaError) -> Value
  ) async throws -> Value {
    var backoff = Backoff()
    var generator = SystemRandomNumberGenerator()
    while true {
      try stop.check()
      do throws(KafkaError) {
        return try question()
      } catch {
        // A topic that is being made anew answers so for a while; a worker does not die for it.
        let isPassing: Set<KafkaError.Code> = [.unknownTopic, .unknownPartition, .unknownTopicOrPartition]
        guard error.isRetryable || isPassing.contains(error.code) else { throw error }
        logger.warning("Kafka did not answer; asking again", metadata: ["error": .string(error.description)])
      }
      try await stop.sleep(for: backoff.delay(using: &generator))
    }
  }
}

/// Reads single records of many partitions with one client, which is connected when the first of them is asked for.
/// One thread at a time; blocks.
package final class SingleRecordReader {
  /// Holds a reader where an optional of it is wanted.
  private final class Client {
    let kafka: KafkaReader

    init(_ settings: KafkaSettings, _ logger: Logger) throws(KafkaError) {
      kafka = try KafkaReader(settings: settings, logger: logger)
    }
  }

  private let settings: KafkaSettings
  private let logger: Logger
  private let staysConnected: Bool
  private var client: Client?

  /// - Parameter staysConnected: false closes the client after each record; else it is closed with the reader.
  package init(settings: KafkaSettings, staysConnected: Bool = true, logger: Logger) {
    (self.settings, self.staysConnected, self.logger) = (settings, staysConnected, logger)
  }

  /// The record at exactly this offset, nil if the log has none there. Blocks up to `timeout`.
  package func record(
    at partition: TopicPartition, offset: Int64, timeout: Duration
  ) throws(KafkaError) -> KafkaRecord? {
    let client: Client
    if let kept = self.client { client = kept } else { client = try Client(settings, logger) }
    // One that failed is not asked again.
    self.client = nil
    let record = try client.kafka.record(at: partition, offset: offset, timeout: timeout)
    if staysConnected { self.client = client }
    return record
  }

  /// Whether the log still holds the record the ledger stored last; true where that offset holds no record any more,
  /// as compaction may leave it. Blocks up to `timeout`.
  package func holds(_ last: LastRecord, in partition: TopicPartition, timeout: Duration) throws(KafkaError) -> Bool {
    guard let record = try record(at: partition, offset: last.offset, timeout: timeout) else { return true }
    return LastRecord(record) == last
  }
}

extension LastRecord {
  /// What the ledger keeps of a record to know it again: where it is, when it was, and a hash of its id.
  init(_ record: KafkaRecord) {
    let hash = SHA256.hash(record.identityBytes)
    let prefix = hash.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    self.init(
      offset: record.offset, timestampMilliseconds: record.timestampMilliseconds, idHash: Int64(bitPattern: prefix))
  }
}

extension KafkaRecord {
  /// The record's time, where it has one.
  ///
  /// The producer may have set it to anything; what no calendar holds becomes the calendar's end.
  package var timestamp: EventTime? {
    timestampMilliseconds.map { milliseconds in
      let (microseconds, overflow) = milliseconds.multipliedReportingOverflow(by: 1000)
      return overflow ? (milliseconds < 0 ? .earliest : .latest) : EventTime(microseconds: microseconds)
    }
  }
}
