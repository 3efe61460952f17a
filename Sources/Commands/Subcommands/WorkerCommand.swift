import Addresses
import Arguments
import Configuration
import Ingest
import Persistence
import Telemetry

struct WorkerCommand: Command {
  static let configuration = CommandConfiguration(
    "worker", abstract: "Turn frame and control events into rows, exactly once.",
    discussion: """
      A member of the consumer group: start as many as you like. Refuses to start unless LECTERN_DEPLOYMENT_REGION and
      LECTERN_DEPLOYMENT_PURPOSE allow it. On SIGTERM it stores what it is working on, leaves the group and ends with 0;
      with --instance, which must be another name for each worker, it stays a member while it restarts.
      """)

  @OptionGroup var server: ServerOptions
  @Option(key: Keys.groupInstance, long: "instance") var instance: String?
  @Option(key: Keys.bundle, completion: .directory) var bundle: ConfigurationPath?
  @Option(key: Keys.streams) var streams: Int?
  @Option(key: Keys.metricsPort) var metricsPort: Int?
  @Option(key: Keys.metricsListen) var metricsListen: Endpoint?

  mutating func run(in environment: CommandEnvironment) async throws {
    let context = try CommandContext(
      self, in: environment, servers: [.kafka, .postgres], required: CommandContext.workerKeys)
    let gate = try context.requireDeployment()
    context.logger.info(
      "this deployment may run",
      metadata: [
        "region": .string(gate.region.code), "purpose": .string(gate.purpose.rawValue),
        "basis": .string(gate.basis ?? "none needed"),
      ])
    context.warnOfMemoryLimits()
    let (worker, problems) = try await context.worker(try context.bundle())
    try await context.runMonitored(worker, role: .ingest, kafka: context.kafka, problems: problems)
  }
}
