import Addresses
import Aggregation
import Analytics
import Arguments
import Configuration
import Persistence
import Telemetry
import TextOutput

struct AggregateCommand: Command {
  static let configuration = CommandConfiguration(
    "aggregate", abstract: "Turn dirty sessions into rollups and released figures, and let what is too old go.",
    discussion: "Runs until it is stopped; any number may run at once. With --once it works until nothing is dirty.")

  @OptionGroup var database: DatabaseOptions
  @Flag(help: "work until nothing is dirty, then end") var once: Bool
  @Option(key: Keys.aggregateInterval, long: "interval") var interval: Duration?
  @Option(key: Keys.cohortMinimum) var cohortMinimum: Int?
  @Option(key: Keys.sampleRetention) var sampleRetentionDays: Int?
  @Option(key: Keys.aggregateRetention) var aggregateRetentionMonths: Int?
  @Option(key: Keys.metricsPort) var metricsPort: Int?
  @Option(key: Keys.metricsListen) var metricsListen: Endpoint?

  mutating func run(in environment: CommandEnvironment) async throws {
    let context = try CommandContext(self, in: environment, servers: [.postgres], required: [Keys.postgresURL])
    let aggregator = context.aggregator()
    if once {
      let counts = try await aggregator.runOnce()
      context.console.print("\(counts.sessions) sessions computed, \(counts.cellsReleased) figures released\n")
      return
    }
    try await context.runMonitored(aggregator, role: .aggregator)
  }
}

extension CommandContext {
  /// The configured aggregator, under a name for PostgreSQL and the log.
  func aggregator(_ application: String = "aggregate") -> Aggregator {
    Aggregator(
      postgres: postgres(role: .aggregator, application: application), settings: aggregation,
      logger: logger.labelled(application), metrics: registry)
  }

  var aggregation: AggregatorSettings {
    // The key's range begins at the policy's floor.
    guard let policy = ReleasePolicy(cohortMinimum: settings[Keys.cohortMinimum]) else {
      preconditionFailure("\(Keys.cohortMinimum.name) lies below the floor")
    }
    return AggregatorSettings(
      releasePolicy: policy, pollInterval: settings[Keys.aggregateInterval],
      sampleRetentionDays: Int32(clamping: settings[Keys.sampleRetention]),
      aggregateRetentionMonths: Int32(clamping: settings[Keys.aggregateRetention]))
  }
}
