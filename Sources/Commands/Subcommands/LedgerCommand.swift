import Arguments
import Configuration
import Ingest
import KafkaIO
import LearningEvents
import Persistence
import TextOutput

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

    mutating func run(in environment: CommandEnvironment) async throws {
      let context = try CommandContext(
        self, in: environment, servers: [.kafka, .postgres], required: [Keys.postgresURL])
      let ledgers = try await context.withConnection(role: .aggregator, application: "ledger") { connection in
        try await LedgerRepository(connection: connection).ledgers()
      }
      let lines = try await lines(ledgers, context)
      if json { return try context.console.print(json: lines) }
      context.console.print(LedgerLine.table(lines))
    }

    private func lines(_ ledgers: [LedgerRow], _ context: CommandContext) async throws -> [LedgerLine] {
      guard context.settings.optional(Keys.bootstrapServers) != nil, !ledgers.isEmpty else {
        return ledgers.map { LedgerLine($0, log: .unasked) }
      }
      do {
        let cluster = try await context.clusterID()
        let own = ledgers.filter { $0.log.clusterID == cluster }
        if own.isEmpty {
          context.console.note(
            "no ledger is of cluster \(cluster), which answers; \(Keys.clusterID.name) names another\n")
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
        context.console.note("Kafka did not answer, so lag and parked partitions are not shown: \(error)\n")
        return ledgers.map { LedgerLine($0, log: .unasked) }
      }
    }
  }
}
