import Arguments
import Configuration
import Services
import Telemetry
import TextOutput

struct TopCommand: Command {
  static let configuration = CommandConfiguration(
    "top", abstract: "Watch ingest at work: rate, lag, rejects, parked partitions.",
    discussion: """
      Asks PostgreSQL for the ledger and, where it is configured, Kafka for the logs' ends about once a second, and redraws
      the terminal in place; q or Ctrl-C ends it. Elsewhere than on a terminal, and with --json, it prints one report after
      the other. It disturbs nobody: no consumer group, no lock. A server that does not answer is shown as such, and asked
      again. Batch times are the workers' own: name their metrics with --metrics. Runs as lectern_aggregator. With --once it
      ends with 1 if PostgreSQL or Kafka did not answer.
      """)

  @OptionGroup var servers: ServerOptions
  @Option(help: "time between two reports") var interval: Duration = .seconds(1)
  @Option(help: "a worker's metrics, such as http://127.0.0.1:9101; may be repeated") var metrics: [MetricsAddress] = []
  @Flag(help: "print one report and end") var once: Bool
  @Flag(help: "print JSON, an object a line") var json: Bool

  mutating func run(in environment: CommandEnvironment) async throws {
    let context = try CommandContext(self, in: environment, servers: [.kafka, .postgres], required: [Keys.postgresURL])
    guard interval >= .milliseconds(200), interval <= .seconds(3600) else {
      throw UsageError("--interval is from 200ms to 1h")
    }
    let output: Top.Output = json ? .json : once || !context.console.output.isTerminal ? .text : .terminal
    let top = Top(context: context, interval: interval, workers: metrics, output: output, once: once)
    try await ServiceGroup(services: [top], logger: .silent).run()
    if once && !top.sawEverything { throw ExitCode.failure }
    if top.isAbandoned { throw OutputAbandoned() }
  }
}
