import Arguments
import Configuration
import HTTPServing
import TextOutput

struct ServeCommand: Command {
  static let configuration = CommandConfiguration(
    "serve", abstract: "Serve the courses' reports on this machine's loopback address.",
    discussion: "Nobody signs in yet, so it listens on 127.0.0.1 only.")

  @OptionGroup var database: DatabaseOptions
  @Option(key: Keys.httpPort, long: "port") var port: Int?
  @Option(key: Keys.cohortMinimum) var cohortMinimum: Int?

  mutating func run(in environment: CommandEnvironment) async throws {
    let context = try CommandContext(self, in: environment, required: [Keys.postgresURL, Keys.region, Keys.purpose])
    let reporting = Reporting(context: context, gate: try context.requireDeployment(), framesAreSynthetic: false)
    let server = try reporting.site(port: context.settings[Keys.httpPort])
    context.console.note("serving \(server.listener.url)\n")
    try await context.run([server])
  }
}
