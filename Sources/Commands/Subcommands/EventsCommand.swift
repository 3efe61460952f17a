import Arguments
import Files
import LearningEvents
import TextOutput

struct EventsCommand: Command {
  static let configuration = CommandConfiguration(
    "events", abstract: "Judge events before an LMS sends them.", subcommands: [Check.self])

  struct Check: Command {
    static let configuration = CommandConfiguration(
      "check", abstract: "Say what a worker would say of the events in files.",
      discussion: """
        Each file holds JSON: a structured CloudEvent (a frame, course, session or consent), the headers of a record of
        binary mode as one object, such as {"content-type": "image/jpeg", "ce_id": "…", …}, or an array of these. Nothing is
        connected to and nothing is stored. Ends with 1 if an event would be rejected, sent now and whatever it follows;
        what depends on that, as a frame's window of two weeks does, is a warning.
        """)
    @Flag(help: "print JSON, an object a line") var json: Bool
    @OptionGroup var common: CommonOptions
    @Argument(help: "files of events", completion: .file) var file: [FilePath]

    mutating func run(in environment: CommandEnvironment) async throws {
      let context = try CommandContext(self, in: environment, servers: [])
      var hasErrors = false
      for name in file {
        for judgement in try ControlFile.bytes(of: name).withUnsafeBytes(EventFile.judge) {
          let line = EventCheckLine(judgement, in: name.text, at: context.clock())
          hasErrors = hasErrors || line.error != nil
          if json { try context.console.printLine(json: line) } else { context.console.print(line.text) }
        }
      }
      guard !hasErrors else { throw ExitCode.failure }
    }
  }
}
