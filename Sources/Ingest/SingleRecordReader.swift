import Cryptography
package import KafkaIO
package import LearningEvents
package import Persistence
package import Telemetry

/// Reads single records of many partitions with one client, which is connected when the first of them is asked for.
/// One thread at a time; blocks.
package final class SingleRecordReader {
  private let settings: KafkaSettings
  private let logger: Logger
  private let staysConnected: Bool
  private var client: KafkaReader?

  /// - Parameter staysConnected: false closes the client after each record; else it is closed with the reader.
  package init(settings: KafkaSettings, staysConnected: Bool = true, logger: Logger) {
    (self.settings, self.staysConnected, self.logger) = (settings, staysConnected, logger)
  }

  /// The record at exactly this offset, nil if the log has none there. Blocks up to `timeout`.
  package func record(
    at partition: TopicPartition, offset: Int64, timeout: Duration
  ) throws(KafkaError) -> KafkaRecord? {
    let client: KafkaReader
    if let kept = self.client { client = kept } else { client = try KafkaReader(settings: settings, logger: logger) }
    // One that failed is not asked again.
    self.client = nil
    let record = try client.record(at: partition, offset: offset, timeout: timeout)
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

extension RejectRow {
  /// The reject that a record becomes.
  init(_ record: KafkaRecord, _ code: RejectCode, detail: String) {
    self.init(offset: record.offset, code: code, detail: detail, recordTimestamp: record.timestamp)
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
