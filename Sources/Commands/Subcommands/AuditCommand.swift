import Arguments
import Configuration
import LearningEvents
import Persistence
import TextOutput

struct AuditCommand: Command {
  static let configuration = CommandConfiguration(
    "audit", abstract: "Read who did what about people.", subcommands: [List.self])

  struct List: Command {
    static let configuration = CommandConfiguration(
      "list", abstract: "Print the audit log, the newest line first.",
      discussion: """
        Erasures, revocations, consents and courses that came by hand, and decisions about logs, each with the database's
        login and clock; no line names a learner. Nobody can change a line. Runs as lectern_auditor.
        """)
    @OptionGroup var database: DatabaseOptions
    @Option(help: "one action, such as erase; all unless given") var action: String?
    @Option(help: "one login; all unless given") var actor: String?
    @Option(help: "at this time or later") var since: TimeArgument?
    @Option(help: "before this time") var until: TimeArgument?
    @Option(help: "lines on a page") var limit: Int = 100
    @Option(help: "continue with lines older than this one, as the page before says", value: "line") var before: Int?
    @Flag(help: "print JSON") var json: Bool

    mutating func run(in environment: CommandEnvironment) async throws {
      guard (1...100_000).contains(limit) else { throw UsageError("--limit is a number from 1 to 100000") }
      let context = try CommandContext(self, in: environment, servers: [.postgres], required: [Keys.postgresURL])
      var filter = AuditFilter()
      let now = context.clock()
      (filter.action, filter.actor) = (action, actor)
      (filter.since, filter.until) = (since?.time(now: now), until?.time(now: now))
      filter.before = before.map(Int64.init)
      let (asked, limit) = (filter, limit)
      let page = try await context.withConnection(role: .auditor, application: "audit") { connection in
        // One line more than the page holds shows whether there is a next page.
        AuditPage(try await AuditRepository(connection: connection).entries(asked, limit: limit + 1), limit: limit)
      }
      if json { try context.console.print(json: page) } else { context.console.print(page.text) }
    }
  }
}
