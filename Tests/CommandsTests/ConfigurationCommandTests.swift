import Foundation
import Testing

/// `lectern config` and `lectern completion`, in memory.
@Suite struct ConfigurationCommandTests {
  private static let variables = [
    "LECTERN_POSTGRES_URL": "postgresql://u:hunter2@db/lectern", "LECTERN_COHORT_MINIMUM": "25",
    "LECTERN_KAFKA_PROPERTIES": "sasl.password=hunter2", "LECTERN_SOMETHING_ELSE": "30",
  ]

  @Test func everySettingWithItsOrigin() async throws {
    let run = await CommandLineRun("config", "--log-level", "debug", variables: Self.variables)
    #expect(run.code == 0 && !run.output.contains("hunter2"))
    try expect(run.output, equals: "config.txt")
  }

  @Test func everySettingAsJSON() async throws {
    let run = await CommandLineRun("config", "--json", variables: Self.variables)
    #expect(run.code == 0 && !run.output.contains("hunter2"))
    try expect(run.output, equals: "config.json")
  }

  /// A line of the log is on the error output, without colour where that is no terminal.
  @Test func anUnknownSettingIsLogged() async throws {
    let run = await CommandLineRun("config", variables: Self.variables)
    let line = try #require(run.errors.split(separator: "\n").first)
    #expect(line.contains("warning lectern: a setting is unknown warning=") && line.contains("LECTERN_SOMETHING_ELSE"))
    let console = await CommandLineRun(["config"], variables: Self.variables, terminal: (80, 24))
    #expect(console.errors.contains("\u{1B}[33m") && !run.errors.contains("\u{1B}"))
    let json = await CommandLineRun(
      "config", variables: Self.variables.merging(["LECTERN_LOG_FORMAT": "json"]) { $1 })
    #expect(json.errors.contains(#""level":"warning","logger":"lectern","message":"a setting is unknown""#))
  }

  @Test func aFileIsReadBelowTheEnvironment() async throws {
    try await withFolder { folder in
      let file = "\(folder)/lectern.conf"
      try Data("LECTERN_HTTP_PORT=9000\nLECTERN_COHORT_MINIMUM=41\n".utf8).write(to: URL(fileURLWithPath: file))
      let run = await CommandLineRun("config", "--config", file, variables: ["LECTERN_COHORT_MINIMUM": "25"])
      for (key, value) in [("LECTERN_HTTP_PORT", "9000"), ("LECTERN_COHORT_MINIMUM", "25")] {
        let line = try #require(run.output.split(separator: "\n").first { $0.hasPrefix("  \(key) ") })
        #expect(line.contains(" \(value) "))
      }
      let missing = await CommandLineRun("config", "--config", "\(folder)/none")
      #expect(missing.code == 78 && missing.errors.contains("\(folder)/none"))
    }
  }

  @Test(arguments: ["bash", "zsh", "fish"]) func completionKnowsEveryCommandAndOption(shell: String) async throws {
    let run = await CommandLineRun("completion", shell)
    #expect(run.code == 0 && run.errors.isEmpty)
    let help = try String(
      contentsOf: repository.appending(path: "Tests/CommandsTests/Expected/help.txt"), encoding: .utf8)
    let options = Set(help.matches(of: #/^  (?:-[a-z], )?--([a-z-]+)/#.anchorsMatchLineEndings()).map(\.output.1))
    #expect(options.count > 40)
    for option in options where option != "version" {
      #expect(run.output.contains(shell == "fish" ? "-l \(option)" : "--\(option)"), "\(option)")
    }
    for command in help.matches(of: #/^\$ lectern (.+) --help$/#.anchorsMatchLineEndings()).map(\.output.1) {
      #expect(command.split(separator: " ").allSatisfy { run.output.contains($0) }, "\(command)")
    }
  }

  @Test func theReferenceOfKeysNeedsNoConfiguration() async {
    let run = await CommandLineRun("config", "--markdown", variables: ["LECTERN_HTTP_PORT": "x"])
    #expect(run.code == 0 && run.output.contains("LECTERN_HTTP_PORT"))
  }
}
