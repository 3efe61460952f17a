import Arguments
import Configuration
import TextOutput

struct ConfigCommand: Command {
  static let configuration = CommandConfiguration(
    "config", abstract: "Show every setting, its value and where it came from.",
    discussion: "Secrets are shown as set or unset only. --markdown prints the reference table of all keys.")

  @OptionGroup var common: CommonOptions
  @Flag(help: "print JSON") var json: Bool
  @Flag(help: "print the documentation of all keys, as Markdown") var markdown: Bool

  mutating func run(in environment: CommandEnvironment) async throws {
    if markdown {
      environment.console.print(Keys.table.markdown())
      return
    }
    let context = try CommandContext(self, in: environment, servers: [])
    context.console.print(json ? context.settings.json() : context.settings.text())
  }
}
