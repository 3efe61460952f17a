import Addresses
import Arguments
import Configuration
import HTTPServing
import Persistence
import TextOutput

struct ServeCommand: Command {
  static let configuration = CommandConfiguration(
    "serve", abstract: "Serve the courses' reports on this machine's loopback address.",
    discussion: """
      Nobody signs in yet, so it listens on a loopback address only. /metrics, /live and /ready are on the same port,
      or, with LECTERN_METRICS_PORT or LECTERN_METRICS_LISTEN, on one of their own, which no reader of pages keeps busy.
      """)

  @OptionGroup var database: DatabaseOptions
  @Option(key: Keys.httpPort, long: "port") var port: Int?
  @Option(key: Keys.httpListen, long: "listen") var listen: Endpoint?
  @Option(key: Keys.metricsPort) var metricsPort: Int?
  @Option(key: Keys.metricsListen) var metricsListen: Endpoint?
  @Option(key: Keys.cohortMinimum) var cohortMinimum: Int?

  mutating func run(in environment: CommandEnvironment) async throws {
    let context = try CommandContext(
      self, in: environment, servers: [.postgres], required: [Keys.postgresURL, Keys.region, Keys.purpose])
    let reporting = Reporting(context: context, gate: try context.requireDeployment(), framesAreSynthetic: false)
    let server = try reporting.site()
    context.console.note("serving \(server.listener.url)\n")
    try await context.runMonitored(server, role: .reader)
  }
}
