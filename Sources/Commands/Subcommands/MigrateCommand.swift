import Arguments
package import Persistence
import PlainText
import PostgresIO
import Telemetry
import TextOutput

struct MigrateCommand: Command {
  static let configuration = CommandConfiguration(
    "migrate", abstract: "Bring the database's schema to what this program needs.",
    subcommands: [Up.self, Status.self, Verify.self])

  struct Up: Command {
    static let configuration = CommandConfiguration(
      "up", abstract: "Apply missing migrations, and functions and views that differ, in one transaction.")
    @Flag(help: "print what would be applied, and apply nothing") var dryRun: Bool
    @OptionGroup var database: DatabaseOptions

    mutating func run(in environment: CommandEnvironment) async throws {
      let context = try CommandContext(self, in: environment, servers: [.postgres], required: [Keys.postgresURL])
      let isDry = dryRun
      let changes = try await context.withMigrations { try await isDry ? $0.plan() : $0.up() }
      context.console.print(isDry ? MigrationText.planned(changes) : MigrationText.applied(changes))
    }
  }

  struct Status: Command {
    static let configuration = CommandConfiguration(
      "status", abstract: "List migrations, functions and views, and which are applied.",
      discussion: "Ends with 1 unless all are applied and none is of another program.")
    @OptionGroup var database: DatabaseOptions

    mutating func run(in environment: CommandEnvironment) async throws {
      let context = try CommandContext(self, in: environment, servers: [.postgres], required: [Keys.postgresURL])
      let status = try await context.withMigrations { try await $0.status() }
      context.console.print(MigrationText.status(status))
      if let advice = MigrationText.advice(status) {
        context.console.note(advice)
        throw ExitCode.failure
      }
    }
  }

  struct Verify: Command {
    static let configuration = CommandConfiguration(
      "verify", abstract: "Fail unless the schema is exactly what this program was built for.")
    @OptionGroup var database: DatabaseOptions

    mutating func run(in environment: CommandEnvironment) async throws {
      let context = try CommandContext(self, in: environment, servers: [.postgres], required: [Keys.postgresURL])
      try await context.withMigrations { try await $0.verify() }
      context.console.print("the schema is this program's\n")
    }
  }
}

/// What `lectern migrate` prints.
package enum MigrationText {
  package static func applied(_ changes: [SchemaChange]) -> String {
    changes.isEmpty ? "nothing to apply\n" : changes.map { "\($0)\n" }.joined()
  }

  package static func planned(_ changes: [SchemaChange]) -> String {
    changes.isEmpty
      ? "nothing to apply\n"
      : changes.map { change in
        switch change {
        case .applied(let name): "would apply \(name)\n"
        case .dropped(let name): "would drop \(name)\n"
        }
      }.joined()
  }

  /// What to do about a schema that is not this program's; nil if it is.
  package static func advice(_ items: [SchemaStatus]) -> String? {
    let others = items.count { $0.state != .applied }
    return others == 0
      ? nil : "\(others) of \(items.count) are not as this program has them; 'lectern migrate up' applies what it can\n"
  }

  package static func status(_ items: [SchemaStatus]) -> String {
    items.map { "\($0.state.rawValue.padded(to: 11))\($0.name)\n" }.joined()
  }
}

extension CommandContext {
  /// Runs a body with the migrations of the configured database, as its own user.
  func withMigrations<Value: Sendable>(_ body: (MigrationRunner) async throws -> Value) async throws -> Value {
    try await withConnection(application: "migrate") { connection in
      try await body(MigrationRunner(connection: connection, logger: logger.labelled("migrate")))
    }
  }

  /// Runs a body with a connection of its own, closed afterwards.
  ///
  /// - Parameter statementsMayTakeLong: lets a statement take any time, such as one that reads whole tables.
  func withConnection<Value: Sendable>(
    role: DatabaseRole? = nil, application: String, statementsMayTakeLong: Bool = false,
    _ body: (PostgresConnection) async throws -> Value
  ) async throws -> Value {
    var settings = postgres(role: role, application: application)
    if statementsMayTakeLong { settings.statementDeadline = nil }
    return try await PostgresConnection.with(settings, logger: logger, body)
  }
}
