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
    let reader = try takeClient()
    let record = try reader.record(at: partition, offset: offset, timeout: timeout)
    if staysConnected { client = reader }
    return record
  }

  /// What is known of the records at these offsets, for those that hold one. They ascend and lie close together: all
  /// between them is read, by a client of its own that reads ahead. Blocks up to `timeout` for each.
  package func records(
    at offsets: [Int64], in partition: TopicPartition, timeout: Duration
  ) throws(KafkaError) -> [Int64: RecordMark] {
    guard !offsets.isEmpty else { return [:] }
    let reader = try KafkaReader(settings: settings, readsAhead: true, logger: logger)
    var found: [Int64: RecordMark] = [:]
    var rest = offsets[...]
    while !rest.isEmpty {
      let settled = try reader.records(at: partition, offsets: rest, timeout: timeout) { record in
        found[record.offset] = RecordMark(record)
        return true
      }
      rest = rest.dropFirst(settled)
    }
    return found
  }

  /// What is known of the records at these offsets, wherever they lie, for those that hold one. Blocks up to `timeout`
  /// for each.
  package func marks(
    at offsets: [Int64], in partition: TopicPartition, timeout: Duration
  ) throws(KafkaError) -> [Int64: RecordMark] {
    guard !offsets.isEmpty else { return [:] }
    let reader = try takeClient()
    var found: [Int64: RecordMark] = [:]
    for offset in offsets {
      let record = try reader.record(at: partition, offset: offset, timeout: timeout)
      if let record { found[offset] = RecordMark(record) }
    }
    if staysConnected { client = reader }
    return found
  }

  /// The client that was kept, or a new one. One that failed is not asked again, so it is given back after an answer.
  private func takeClient() throws(KafkaError) -> KafkaReader {
    defer { client = nil }
    if let client { return client }
    return try KafkaReader(settings: settings, logger: logger)
  }

}

extension RecordMark {
  /// What the ledger keeps of a record to know it again: where it is, when it was, and a hash of its id.
  init(_ record: KafkaRecord) {
    let hash = SHA256.hash(record.identityBytes)
    let prefix = hash.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    self.init(
      offset: record.offset, timestampMilliseconds: record.timestampMilliseconds, idHash: Int64(bitPattern: prefix),
      leaderEpoch: record.leaderEpoch)
  }
}

extension RejectRow {
  /// The reject that a record becomes.
  init(_ record: KafkaRecord, _ code: RejectCode, detail: String, reference: EventReference) {
    self.init(
      offset: record.offset, code: code, detail: detail, recordTimestamp: record.timestamp, reference: reference)
  }
}

extension KafkaRecord {
  /// The record's time, where it has one.
  package var timestamp: EventTime? { timestampMilliseconds.map(EventTime.init(recordMilliseconds:)) }
}

extension RecordMark {
  /// The record's time, where it has one.
  var timestamp: EventTime? { timestampMilliseconds.map(EventTime.init(recordMilliseconds:)) }
}

extension EventTime {
  /// The producer may have set it to anything; what no calendar holds becomes the calendar's end.
  fileprivate init(recordMilliseconds milliseconds: Int64) {
    let (microseconds, overflow) = milliseconds.multipliedReportingOverflow(by: 1000)
    self = overflow ? (milliseconds < 0 ? .earliest : .latest) : EventTime(microseconds: microseconds)
  }
}
