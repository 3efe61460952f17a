import Arguments
import ArgumentsTestSupport
import Configuration
import TextOutput

enum Keys {
  static let port = ConfigurationKey("LECTERN_HTTP_PORT", default: 8080, in: 0...65535, help: "port of the server")
  static let secret = ConfigurationKey<Int>("LECTERN_PIN", help: "a number to hide", secret: true)
}

enum Mode: String, CaseIterable, ConfigurationValue { case fast, slow }

struct Common: ArgumentGroup {
  @Option(key: ConfigurationTable.file, long: "config", value: "file", group: "Configuration", completion: .file)
  var config: ConfigurationPath?
  @Option(key: Keys.port, short: "p", long: "port", group: "Configuration") var port: Int?
  @Option(key: Keys.secret, long: "pin", group: "Configuration") var pin: Int?
}

struct Publish: Command {
  static let configuration = CommandConfiguration(
    "publish", abstract: "Replay images as frame events.",
    discussion: "Frames are sent in the order of their names, which for a recording made by an ordinary camera program "
      + "is the order in which they were taken.\n\n    lectern publish --rate 5 frames/")

  @Option(short: "r", help: "frames a second", value: "fps") var rate: Double = 1
  @Option(help: "how to send") var mode: Mode = .fast
  @Option(short: "l", help: "a learner to play") var learner: [String] = []
  @Option(help: "the course") var course: String
  @Option(help: "ends after") var duration: Duration?
  @Option(help: "where to keep things", completion: .directory) var dataDir: ConfigurationPath?
  @Flag(short: "n", help: "send nothing") var dryRun: Bool
  @Flag(short: "q", help: "say nothing") var quiet: Bool
  @Flag(help: "wait for each frame's acknowledgement, which is slower, but the only way to know for sure")
  var waitForEach: Bool
  @OptionGroup var common: Common
  @Argument(help: "images or folders", completion: .file) var path: [String]

  mutating func run(in environment: CommandEnvironment) async throws {
    if learner.contains("nobody") { throw UsageError("nobody is no learner") }
    if learner.contains("broken") {
      environment.console.print("as far as it came\n")
      throw ExitCode(9)
    }
    if learner.contains("abandoned") { throw OutputAbandoned() }
    if learner.contains("late") { throw CancellationError() }
    if learner.contains("misconfigured") {
      throw ConfigurationErrors(errors: [.init(key: "LECTERN_X", problem: "bad", remedy: "mend it")])
    }
    environment.console.print(
      "\(rate) \(mode) \(learner) \(course) \(duration.map(\.configurationText) ?? "-") \(dryRun) \(quiet) "
        + "\(waitForEach) \(path)")
    for (name, flag) in configurationFlags.sorted(by: { $0.key < $1.key }) {
      environment.console.print("\(name)=\(flag.text) from \(flag.spelling)")
    }
  }
}

struct Train: Command {
  static let configuration = CommandConfiguration("train", abstract: "Train it's network: [a] \"b\" $c `d`.")
  @Argument(help: "how", value: "mode") var mode: Mode?
  mutating func run(in environment: CommandEnvironment) async throws {
    environment.console.print("train \(mode.map(\.rawValue) ?? "-")")
  }
}

struct Info: Command {
  static let configuration = CommandConfiguration("info", abstract: "Describe a bundle.")
  @Argument(help: "a layer's number") var layer: Int
  @Argument(help: "and another", value: "other") var other: Int?
  mutating func run(in environment: CommandEnvironment) async throws {
    environment.console.print("info \(layer) \(other ?? 7)")
  }
}

struct Model: Command {
  static let configuration = CommandConfiguration(
    "model", abstract: "Train and look at networks.", subcommands: [Train.self, Info.self])
}

struct Root: Command {
  static let configuration = CommandConfiguration(
    "lectern", abstract: "Learning analytics.", version: "lectern 1.2.3",
    groups: [.init("Events", [Publish.self]), .init("Networks", [Model.self])])
}

/// Runs a command line and returns all it left; `did` is what it printed, a line each.
func execute(_ words: String...) async -> (code: Int32, did: [String], output: String, errors: String) {
  let console = MemoryConsole()
  let code = await Program(Root.self, in: console.environment).run(words.map { CommandWord($0) })
  return (code, console.output.texts, console.output.text, console.errors.text)
}
