import Arguments
import Configuration
import TextOutput

struct DoctorCommand: Command {
  static let configuration = CommandConfiguration(
    "doctor", abstract: "Say what is missing on this machine, and how to get it.",
    discussion: """
      Looks at what the demo needs, and at the servers that are configured; where both are, also at what a worker needs
      beside them. Changes nothing. Ends with 1 if something is missing.
      """)

  @OptionGroup var server: ServerOptions
  @Flag(help: "print JSON") var json: Bool

  mutating func run(in environment: CommandEnvironment) async throws {
    let context = try CommandContext(self, in: environment, servers: [])
    let report = DoctorReport(await Examination(context: context).findings())
    if json { try context.console.print(json: report.findings) } else { context.console.print(report.text) }
    if !report.isGood { throw ExitCode.failure }
  }
}
