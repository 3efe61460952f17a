import Arguments
import Configuration
import TextOutput

struct VerifyCommand: Command {
  static let configuration = CommandConfiguration(
    "verify", abstract: "Prove on a running system that ledgers, rows, logs and rollups agree.",
    discussion: """
      Looks at the whole database in one snapshot, so workers, aggregators, retries and erasures may run: each ledger's sums
      against its offsets, samples and rejects against its counters and against each other, every rollup against its
      recomputation (sums that wait for the aggregator are left out and counted), shown figures against the cohort minimum of
      the aggregator that ran last. Then, where Kafka is configured, each ledger against the end of its log; lag is reported
      and no finding. Ends with 1 if anything does not hold. Runs as lectern_aggregator; reads every sample three times.
      """)

  @OptionGroup var servers: ServerOptions
  @Flag(help: "leave Kafka out, though it is configured") var databaseOnly: Bool
  @Flag(help: "print JSON") var json: Bool

  mutating func run(in environment: CommandEnvironment) async throws {
    let context = try CommandContext(self, in: environment, required: [Keys.postgresURL])
    var reason: String?
    if databaseOnly { reason = "left out by --database-only" }
    if context.settings.optional(Keys.bootstrapServers) == nil { reason = "no Kafka is configured" }
    let report = try await Verification(context: context, kafkaIsLeftOut: reason).run()
    if json { try context.console.print(json: report) } else { context.console.print(report.text) }
    guard report.ok else { throw ExitCode.failure }
  }
}
