import Arguments
import Configuration
import Foundation
import Ingest
import KafkaIO
import LearningEvents
import Persistence
import PlainText
import Telemetry

/// `lectern ledger`
struct LedgerCommand: Command {
  static let configuration = CommandConfiguration(
    "ledger", abstract: "Show how far each log was read, and decide about logs that do not fit.",
    subcommands: [Show.self, AcceptGap.self, NewIncarnation.self])

  struct Show: Command {
    static let configuration = CommandConfiguration(
      "show", abstract: "Print the ledger, a line a partition.",
      discussion: """
        Where Kafka is configured, also where each log ends, how many records are not stored yet (lag), and why workers park
        a partition, which is then a line below the table. Older incarnations and ledgers of other clusters are shown without.
        Runs as lectern_aggregator.
        """)
    @OptionGroup var servers: ServerOptions
    @Flag(help: "print JSON") var json: Bool

    mutating func run() async throws {
      let context = try CommandContext(self, required: [Keys.postgresURL])
      let ledgers = try await context.withConnection(role: "lectern_aggregator", application: "ledger") { connection in
        try await LedgerRepository(connection: connection).ledgers()
      }
      let lines = try await lines(ledgers, context)
      if json { return try Terminal.print(json: lines) }
      Terminal.print(LedgerLine.table(lines))
    }

    private func lines(_ ledgers: [LedgerRow], _ context: CommandContext) async throws -> [LedgerLine] {
      guard context.settings.optional(Keys.bootstrapServers) != nil, !ledgers.isEmpty else {
        return ledgers.map { LedgerLine($0, log: .unasked) }
      }
      do {
        let cluster = try await context.clusterID()
        let own = ledgers.filter { $0.log.clusterID == cluster }
        if own.isEmpty {
          Terminal.note("no ledger is of cluster \(cluster), which answers; \(Keys.clusterID.name) names another\n")
        }
        let (examinations, withoutLog, _) = try await LedgerExamination.survey(
          own, kafka: context.kafka, deadline: .seconds(10), logger: context.logger)
        let found = Dictionary(examinations.map { ($0.ledger.ledgerID, $0) }) { first, _ in first }
        let missing = Set(withoutLog.map(\.ledgerID))
        return ledgers.map { row in
          if let examination = found[row.ledgerID] { return LedgerLine(row, log: .examined(examination)) }
          return LedgerLine(row, log: missing.contains(row.ledgerID) ? .missing : .unasked)
        }
      } catch let error as KafkaError {
        Terminal.note("Kafka did not answer, so lag and parked partitions are not shown: \(error)\n")
        return ledgers.map { LedgerLine($0, log: .unasked) }
      }
    }
  }
}

/// A ledger row beside its log, as JSON and as a line.
struct LedgerLine: Encodable {
  /// What is known of the log.
  enum Log {
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

  init(_ row: LedgerRow, log: Log) {
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

  static func table(_ lines: [LedgerLine]) -> String {
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
