import Arguments
import Configuration
import Synchronization

enum Keys {
  static let port = ConfigurationKey("LECTERN_HTTP_PORT", default: 8080, in: 0...65535, help: "port of the server")
  static let colour = ConfigurationKey("LECTERN_COLOUR", default: true, help: "colour in the log")
  static let secret = ConfigurationKey<Int>("LECTERN_PIN", help: "a number to hide", secret: true)
}

enum Mode: String, CaseIterable, ConfigurationValue { case fast, slow }

/// What the commands below did, told through a task local, because commands are made by the parser.
final class Transcript: Sendable {
  @TaskLocal static var current: Transcript?
  private let stored = Mutex<[String]>([])
  func write(_ line: String) { stored.withLock { $0.append(line) } }
  var lines: [String] { stored.withLock { $0 } }
}

struct Common: ArgumentGroup {
  @Option(key: ConfigurationTable.file, long: "config", value: "file", group: "Configuration", completion: .file)
  var config: ConfigurationPath?
  @Option(key: Keys.port, short: "p", long: "port", group: "Configuration") var port: Int?
  @Flag(key: Keys.colour, group: "Configuration") var colour: Bool?
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
  @Flag(short: "n", help: "send nothing") var dryRun = false
  @Flag(short: "q", help: "say nothing") var quiet = false
  @Flag(
    invertible: true, help: "whether to wait for acknowledgement, which is slower, but the only way to know for sure")
  var wait = true
  @OptionGroup var common: Common
  @Argument(help: "images or folders", completion: .file) var path: [String]

  mutating func run() async throws {
    if learner.contains("nobody") { throw UsageError("nobody is no learner") }
    if learner.contains("broken") { throw ExitCode(9) }
    if learner.contains("late") { throw CancellationError() }
    if learner.contains("misconfigured") {
      throw ConfigurationErrors(errors: [.init(key: "LECTERN_X", problem: "bad", remedy: "mend it")])
    }
    Transcript.current?.write(
      "\(rate) \(mode) \(learner) \(course) \(duration.map(\.configurationText) ?? "-") \(dryRun) \(quiet) \(wait) \(path)"
    )
    for (name, flag) in configurationFlags.sorted(by: { $0.key < $1.key }) {
      Transcript.current?.write("\(name)=\(flag.text) from \(flag.spelling)")
    }
  }
}

struct Train: Command {
  static let configuration = CommandConfiguration("train", abstract: "Train it's network: [a] \"b\" $c `d`.")
  @Argument(help: "how", value: "mode") var mode: Mode?
  mutating func run() async throws { Transcript.current?.write("train \(mode.map(\.rawValue) ?? "-")") }
}

struct Info: Command {
  static let configuration = CommandConfiguration("info", abstract: "Describe a bundle.")
  @Argument(help: "a layer's number") var layer: Int
  @Argument(help: "and another", value: "other") var other = 7
  mutating func run() async throws { Transcript.current?.write("info \(layer) \(other)") }
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

/// Runs a command line and returns all it left.
func execute(_ words: String...) async -> (code: Int32, did: [String], output: String, errors: String) {
  let output = Transcript()
  let errors = Transcript()
  let transcript = Transcript()
  let code = await Transcript.$current.withValue(transcript) {
    await Program(Root.self, output: { output.write($0) }, errorOutput: { errors.write($0) }).run(words)
  }
  return (code, transcript.lines, output.lines.joined(), errors.lines.joined())
}
