import Arguments
import Configuration
import LearningEvents
import Persistence
import TextOutput

struct LearnerCommand: Command {
  static let configuration = CommandConfiguration(
    "learner", abstract: "Say what is stored of one learner.", subcommands: [Show.self, Export.self])

  struct Show: Command {
    static let configuration = CommandConfiguration(
      "show", abstract: "Print what is stored of one learner, in numbers.",
      discussion: """
        Consents, erasures, and how many samples, sessions and rollup rows there are. A learner of whom nothing is known is an
        error. Leaves a line in the audit log, which names no learner. Runs as lectern_aggregator; the pseudonym secret must be
        the workers'. What Kafka holds is not shown: docs/privacy.md says how long it keeps it.
        """)
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var learner: LearnerOptions
    @Flag(help: "print JSON") var json: Bool

    mutating func run(in environment: CommandEnvironment) async throws {
      let context = try CommandContext(self, in: environment, servers: [.postgres], required: LearnerOptions.required)
      try await context.printSummary(of: learner, withHoldings: true, asJSON: json)
    }
  }

  struct Export: Command {
    static let configuration = CommandConfiguration(
      "export", abstract: "Print everything that is stored of one learner, as JSON.",
      discussion: """
        One object: the pseudonym, the rows of each table under its name, with the columns that docs/schema.md and the database
        describe, and the lines of the audit log about the learner's erasures. Made of one state of the database. A learner of
        whom nothing is known is an error. Leaves a line in the audit log. Runs as lectern_aggregator; the pseudonym secret must
        be the workers'.
        """)
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var learner: LearnerOptions

    mutating func run(in environment: CommandEnvironment) async throws {
      let context = try CommandContext(self, in: environment, servers: [.postgres], required: LearnerOptions.required)
      let export = try await context.reading(learner) { repository, learner in
        try await repository.export(of: learner.pseudonym, by: context.environment.userName())
      }
      context.console.print(export + "\n")
    }
  }
}

extension CommandContext {
  /// Prints what is known of a learner, and that somebody asked goes into the audit log.
  func printSummary(of options: LearnerOptions, withHoldings: Bool, asJSON: Bool) async throws {
    let summary = try await reading(options) { repository, learner in
      try await repository.noteRead(by: environment.userName())
      return LearnerSummary(
        holdings: withHoldings ? try await repository.holdings(of: learner.pseudonym) : nil,
        consents: try await repository.consents(of: learner.pseudonym),
        erasures: try await repository.erasures(of: learner.pseudonym))
    }
    if asJSON { try console.print(json: summary) } else { console.print(summary.text) }
  }

  /// Reads of a learner who is known, as `lectern_aggregator`.
  func reading<Value: Sendable>(
    _ options: LearnerOptions, _ read: @Sendable (PrivacyRepository, NamedLearner) async throws -> Value
  ) async throws -> Value {
    let learner = try options.read(self)
    try await requireDeploymentSecret(role: .aggregator, orMakesItItsOwn: false)
    return try await withConnection(role: .aggregator, application: "learner") { connection in
      let repository = PrivacyRepository(connection: connection)
      try await repository.requireKnown(learner, by: environment.userName()) { $0.learnerIsKnown }
      return try await read(repository, learner)
    }
  }
}

extension PrivacyRepository {
  /// Throws `UnknownLearner` unless enough is known; that nothing is known is an answer about a learner, too, and
  /// leaves a line in the audit log.
  ///
  /// - Parameters:
  ///   - by: who asks, in words.
  ///   - remedy: what to do, for the error.
  func requireKnown(
    _ learner: NamedLearner, by: String, remedy: String = "", if isKnown: (LearnerKnowledge) -> Bool
  ) async throws {
    let knowledge = try await knowledge(of: learner.pseudonym, source: learner.source)
    guard !isKnown(knowledge) else { return }
    try await noteRead(by: by)
    throw UnknownLearner(knowledge, source: learner.source, remedy: remedy)
  }

  /// The consents of a learner that are withdrawn, and as of when: what the control topic is told.
  func withdrawals(of learner: LearnerPseudonym) async throws -> [(scope: ConsentEvent.Scope, asOf: EventTime)] {
    try await consents(of: learner).filter { !$0.stated.granted }.map { ($0.scope, $0.stated.time) }
  }
}
