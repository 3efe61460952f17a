import Arguments
import Configuration
import Persistence
import Synchronization
import TextOutput

struct VerifyCommand: Command {
  static let configuration = CommandConfiguration(
    "verify", abstract: "Prove on a running system that ledgers, rows, logs and rollups agree.",
    discussion: """
      Looks at the whole database in one snapshot, so workers, aggregators, retries and erasures may run: each ledger's sums
      against its offsets, samples and rejects against its counters and against each other, every rollup against its
      recomputation (sums that wait for the aggregator are left out and counted), shown figures against the cohort minimum of
      the aggregator that ran last. Then, where Kafka is configured, each ledger against the end of its log; lag is reported
      and no finding. Ends with 1 if anything does not hold; interrupted, with 130 and what it had found. Runs as lectern_aggregator; reads every sample three times.
      """)

  @OptionGroup var servers: ServerOptions
  @Flag(help: "leave Kafka out, though it is configured") var databaseOnly: Bool
  @Flag(help: "print JSON") var json: Bool

  mutating func run(in environment: CommandEnvironment) async throws {
    let context = try CommandContext(
      self, in: environment, servers: databaseOnly ? [.postgres] : [.kafka, .postgres], required: [Keys.postgresURL])
    var reason: String?
    if databaseOnly { reason = "left out by --database-only" }
    if context.settings.optional(Keys.bootstrapServers) == nil { reason = "no Kafka is configured" }
    let made = ChecksMade()
    var verification = Verification(context: context, kafkaIsLeftOut: reason)
    verification.progress = { checks in made.add(checks) }
    let (work, start) = (verification, environment.uptime())
    let report = try await context.interruptible(
      grace: .seconds(2),
      notice: VerifyReport.interruption(of: made.checks, after: environment.uptime() - start)
    ) {
      do {
        return try await work.run()
      } catch  where Task.isCancelled {
        // What the server says of a statement that it was asked to cancel is no error of anybody's.
        throw CancellationError()
      }
    }
    if json { try context.console.print(json: report) } else { context.console.print(report.text) }
    guard report.ok else { throw ExitCode.failure }
  }
}

/// The checks that were made so far. Any thread.
private final class ChecksMade: Sendable {
  private let state = Mutex<[ConsistencyCheck]>([])

  var checks: [ConsistencyCheck] { state.withLock(\.self) }
  func add(_ checks: [ConsistencyCheck]) { state.withLock { $0 += checks } }
}
