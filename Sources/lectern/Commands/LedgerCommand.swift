import Arguments
import Foundation
import Ingest
import Persistence

/// `lectern ledger`
struct LedgerCommand: Command {
  static let configuration = CommandConfiguration(
    "ledger", abstract: "Show how far each log was read, and decide about logs that do not fit.",
    subcommands: [Show.self, AcceptGap.self, NewIncarnation.self])

  struct Show: Command {
    static let configuration = CommandConfiguration("show", abstract: "Print the ledger, a line a partition.")
    @OptionGroup var database: DatabaseOptions
    @Flag(help: "print JSON") var json: Bool

    mutating func run() async throws {
      let context = try CommandContext(self, required: [Keys.postgresURL])
      let ledgers = try await context.withConnection(role: "lectern_aggregator", application: "ledger") { connection in
        try await LedgerRepository(connection: connection).ledgers()
      }
      if json { return try Terminal.print(json: ledgers.map(LedgerLine.init)) }
      let table = TextTable(
        [
          "topic", "incarnation", "partition", "next", "samples", "rejects", "duplicates", "applied", "skipped", "lost",
        ], leading: 1)
      Terminal.print(
        table.text(
          ledgers.map { row in
            let counters = row.counters
            let numbers = [
              Int64(row.log.incarnation ?? 0), Int64(row.log.partition), row.nextOffset, counters.samples,
              counters.rejects, counters.duplicates,
              counters.applied, counters.skipped, counters.lost,
            ]
            return [row.log.topic] + numbers.map(String.init)
          }))
    }
  }
}

/// A ledger row as JSON.
private struct LedgerLine: Encodable {
  let cluster, topic, group: String
  let incarnation, partition: Int32
  let epoch, first, next, samples, rejects, duplicates, applied, skipped, lost, erased, expired: Int64

  init(_ row: LedgerRow) {
    (cluster, topic, group) = (row.log.clusterID, row.log.topic, row.consumerGroup)
    (incarnation, partition) = (row.log.incarnation ?? 0, row.log.partition)
    (epoch, first, next) = (row.epoch, row.firstOffset, row.nextOffset)
    let counters = row.counters
    (samples, rejects, duplicates) = (counters.samples, counters.rejects, counters.duplicates)
    (applied, skipped, lost) = (counters.applied, counters.skipped, counters.lost)
    (erased, expired) = (counters.erased, counters.expired)
  }
}
