import Arguments
import Configuration
import LearningEvents
import Persistence
import TextOutput

extension ConsentCommand {
  struct Show: Command {
    static let configuration = CommandConfiguration(
      "show", abstract: "Print the consents of one learner, and the withdrawals that deleted something.",
      discussion: """
        A learner of whom nothing is known is an error. Leaves a line in the audit log, which names no learner. Runs as
        lectern_aggregator; the pseudonym secret must be the workers'.
        """)
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var learner: LearnerOptions
    @Flag(help: "print JSON") var json: Bool

    mutating func run(in environment: CommandEnvironment) async throws {
      let context = try CommandContext(self, in: environment, servers: [.postgres], required: LearnerOptions.required)
      try await context.printSummary(of: learner, withHoldings: false, asJSON: json)
    }
  }

  struct List: Command {
    static let configuration = CommandConfiguration(
      "list", abstract: "Print a page of consents, by pseudonym.",
      discussion: """
        What holds of each learner and scope; of whom nothing was ever said does not consent and is not there. The LMS's ids are
        in no page: whoever has one asks 'lectern consent show'. Leaves a line in the audit log. Runs as lectern_aggregator.
        """)
    @OptionGroup var database: DatabaseOptions
    @Option(help: "one scope; all unless given") var scope: ConsentEvent.Scope?
    @Option(help: "granted or revoked; both unless given") var state: ConsentStateName?
    @Option(help: "consents on a page") var limit: Int = 100
    @Option(help: "continue behind this place, as the page before says", value: "pseudonym:scope") var after:
      ConsentFilter.Place?
    @Flag(help: "print JSON") var json: Bool

    mutating func run(in environment: CommandEnvironment) async throws {
      guard (1...100_000).contains(limit) else { throw UsageError("--limit is a number from 1 to 100000") }
      let context = try CommandContext(self, in: environment, servers: [.postgres], required: [Keys.postgresURL])
      var filter = ConsentFilter()
      (filter.scope, filter.granted, filter.after) = (scope, state.map { $0 == .granted }, after)
      let (asked, limit) = (filter, limit)
      let page = try await context.withConnection(role: .aggregator, application: "consent") { connection in
        // One consent more than the page holds shows whether there is a next page.
        ConsentPage(
          try await PrivacyRepository(connection: connection)
            .consents(asked, limit: limit + 1, by: context.environment.userName()), limit: limit)
      }
      if json { try context.console.print(json: page) } else { context.console.print(page.text) }
    }
  }
}

/// What holds of a consent, on the command line.
enum ConsentStateName: String, CaseIterable, ConfigurationValue {
  case granted, revoked
}

/// `3f2a…:analytics`: a pseudonym and a scope.
extension ConsentFilter.Place: ConfigurationValue {
  package init?(configurationText text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let learner = LearnerPseudonym(uuid: String(parts[0])),
      let scope = ConsentEvent.Scope(rawValue: String(parts[1]))
    else { return nil }
    self.init(learner: learner, scope: scope)
  }

  package var configurationText: String { "\(learner.uuid):\(scope.rawValue)" }
  package static var configurationExpectation: String { "pseudonym:scope, as a page says where the next one begins" }
}
