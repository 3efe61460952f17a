package import Ingest
import LearningEvents
package import Persistence
import PlainText
import TextOutput

/// A ledger row beside its log, as JSON and as a line.
package struct LedgerLine: Encodable {
  /// What is known of the log.
  package enum Log {
    /// Kafka was not asked, or this is an older incarnation.
    case unasked
    /// The cluster has no such partition.
    case missing
    case examined(LedgerExamination)
  }

  let cluster: ClusterID
  let topic: TopicName
  let group: String
  let incarnation, partition: Int32
  let ledger: Int32
  let epoch, first, next, samples, rejects, duplicates, applied, skipped, lost, erased, expired: Int64
  /// When a batch, a claim or a decision last moved it.
  let updatedAt: String
  /// The log's first and end offset, and the records that are not stored yet; nil where Kafka was not asked.
  let low, end, lag: Int64?
  /// Why workers park it.
  let parked: String?

  package init(_ row: LedgerRow, log: Log) {
    (cluster, topic, group) = (row.log.clusterID, row.log.topic, row.consumerGroup)
    (incarnation, partition, ledger) = (row.log.incarnation ?? 0, row.log.partition, row.ledgerID)
    (epoch, first, next) = (row.epoch, row.firstOffset, row.nextOffset)
    let counters = row.counters
    (samples, rejects, duplicates) = (counters.samples, counters.rejects, counters.duplicates)
    (applied, skipped, lost) = (counters.applied, counters.skipped, counters.lost)
    (erased, expired) = (counters.erased, counters.expired)
    updatedAt = row.updatedAt.rfc3339
    switch log {
    case .unasked: (low, end, lag, parked) = (nil, nil, nil, nil)
    case .missing:
      (low, end, lag, parked) = (nil, nil, nil, ParkReason.logIsGone(nextOffset: row.nextOffset).description)
    case .examined(let examination):
      (low, end) = (examination.lowWatermark, examination.highWatermark)
      lag = max(0, examination.highWatermark - row.nextOffset)
      parked = examination.reason?.description
    }
  }

  package static func table(_ lines: [LedgerLine]) -> String {
    let table = TextTable(
      [
        "topic", "incarnation", "partition", "next", "end", "lag", "samples", "rejects", "duplicates", "applied",
        "skipped", "lost", "erased", "expired", "state",
      ], leading: 1, last: .text)
    var text = table.text(
      lines.map { line in
        func number(_ value: Int64?) -> String { value.map(String.init) ?? "-" }
        return [
          line.topic.text.printable, "\(line.incarnation)", "\(line.partition)", "\(line.next)", number(line.end),
          number(line.lag), "\(line.samples)", "\(line.rejects)", "\(line.duplicates)", "\(line.applied)",
          "\(line.skipped)", "\(line.lost)", "\(line.erased)", "\(line.expired)",
          line.parked != nil ? "PARKED" : line.end == nil ? "-" : "ok",
        ]
      })
    for line in lines {
      guard let parked = line.parked else { continue }
      text += "\n\(line.topic.text.printable)[\(line.partition)] is parked: \(parked)\n"
    }
    return text
  }
}
