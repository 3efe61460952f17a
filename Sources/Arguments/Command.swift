/// A part of a command line: the options and arguments it declares with `@Option`, `@Flag` and `@Argument`. Groups of
/// them that several commands share come in with `@OptionGroup`.
package protocol ArgumentGroup {
  init()
}

/// One command, a struct whose wrapped properties the parser fills before it calls `run`.
///
///     struct Publish: Command {
///       static let configuration = CommandConfiguration("publish", abstract: "Replay images as frame events.")
///       @Option(help: "frames a second") var rate: Double = 1
///       @Argument(help: "images or folders", completion: .file) var path: [String]
///       mutating func run(in environment: CommandEnvironment) async throws { … }
///     }
package protocol Command: ArgumentGroup, SendableMetatype {
  static var configuration: CommandConfiguration { get }
  mutating func run(in environment: CommandEnvironment) async throws
}

extension Command {
  /// A command made of subcommands alone shows its help.
  package mutating func run(in environment: CommandEnvironment) async throws { throw HelpRequest() }
}

/// What help and completion say of a command.
package struct CommandConfiguration: Sendable {
  /// Subcommands under one heading of the help.
  package struct Group: Sendable {
    package let title: String
    package let commands: [any Command.Type]

    package init(_ title: String, _ commands: [any Command.Type]) { (self.title, self.commands) = (title, commands) }
  }

  package let name: String
  /// One line, with a full stop.
  package let abstract: String
  /// More, below the usage; a blank line separates paragraphs, lines that start with a blank stay as they are.
  package let discussion: String
  /// What `--version` prints; the root command's counts.
  package let version: String?
  package let groups: [Group]

  package init(
    _ name: String, abstract: String, discussion: String = "", version: String? = nil, groups: [Group] = [],
    subcommands: [any Command.Type] = []
  ) {
    (self.name, self.abstract, self.discussion, self.version) = (name, abstract, discussion, version)
    self.groups = groups + (subcommands.isEmpty ? [] : [Group("Subcommands", subcommands)])
  }

  package var subcommands: [any Command.Type] { groups.flatMap(\.commands) }
}

/// Thrown by a command to end with its help and exit code 64.
struct HelpRequest: Error {}

/// Thrown by a command to end with an exit code after it has said everything itself.
package struct ExitCode: Error, Equatable {
  /// The command line was wrong.
  package static let usage = ExitCode(64)
  /// Something went wrong while running.
  package static let failure = ExitCode(1)
  /// The configuration was refused (EX_CONFIG of sysexits.h).
  package static let configuration = ExitCode(78)
  /// Nobody reads the output any more: what a shell says of a program that SIGPIPE ended.
  package static let closedPipe = ExitCode(141)

  package let code: Int32
  package init(_ code: Int32) { self.code = code }
}

/// Thrown by a command that has more to come when its output takes nothing any more: the rest is not worth its time.
/// Only by one whose whole product is that output, and which has found nothing that makes it fail.
package struct OutputAbandoned: Error {
  package init() {}
}

/// An error that ends the program with an exit code of its own, after it was printed.
package protocol ErrorWithExitCode: Error {
  var exitCode: ExitCode { get }
}

/// A command line that cannot be understood. Commands may throw it too, for combinations that make no sense.
package struct UsageError: Error, Equatable, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}
