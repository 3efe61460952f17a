import Arguments
import Configuration
import Cryptography
import Files
import Foundation
import Ingest
import LearningEvents
import Persistence
import PlainText
import TextOutput

struct CourseCommand: Command {
  static let configuration = CommandConfiguration(
    "course", abstract: "Bring in courses and their segments.", subcommands: [Import.self])

  struct Import: Command {
    static let configuration = CommandConfiguration(
      "import", abstract: "Apply course and session events from files.",
      discussion: "Each file holds one CloudEvent in JSON, or an array of them. The newest event time wins.")
    @OptionGroup var database: DatabaseOptions
    @Argument(help: "files of events", completion: .file) var file: [FilePath]

    mutating func run(in environment: CommandEnvironment) async throws {
      let context = try CommandContext(self, in: environment, servers: [.postgres], required: [Keys.postgresURL])
      // Course events name no learner, so any secret does; consent events are refused here.
      let rows = try ControlFile.rows(
        in: file, at: context.clock(), pseudonymizer: LearnerPseudonymizer(secret: Array(repeating: 0, count: 32)),
        consent: false)
      try await context.apply(rows)
    }
  }
}

struct ConsentCommand: Command {
  static let configuration = CommandConfiguration(
    "consent", abstract: "Record what learners consented to, and show it.",
    subcommands: [Import.self, Grant.self, Revoke.self, Publish.self, Show.self, List.self])

  struct Import: Command {
    static let configuration = CommandConfiguration(
      "import", abstract: "Apply consent events from files.",
      discussion: "Each file holds one CloudEvent in JSON, or an array of them. The newest event time wins.")
    @OptionGroup var database: DatabaseOptions
    @Argument(help: "files of events", completion: .file) var file: [FilePath]

    mutating func run(in environment: CommandEnvironment) async throws {
      let context = try CommandContext(
        self, in: environment, servers: [.postgres], required: [Keys.postgresURL, Keys.pseudonymSecret])
      try await context.requireDeploymentSecret()
      try await context.apply(
        try ControlFile.rows(
          in: file, at: context.clock(), pseudonymizer: context.pseudonymizer, consent: true))
    }
  }

  struct Grant: Command {
    static let configuration = CommandConfiguration(
      "grant", abstract: "Record one learner's consent.",
      discussion: """
        Where what holds was said for a later time, as by a clock that runs ahead, it is refused; so it is for an LMS that
        announced no course and no session yet, unless --unknown says that it is spelled rightly. No frame that was captured
        before the consent is analysed; --time says when it was given, where that was before now, as on paper.
        """)
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var decision: ConsentDecision
    @Option(help: "when it was given, such as 2026-11-23T10:00:00Z or 2h; now unless given", value: "time") var time:
      TimeArgument?
    @Flag(help: "the LMS may be one that is not known yet") var unknown: Bool

    mutating func run(in environment: CommandEnvironment) async throws {
      let context = try CommandContext(self, in: environment, servers: [.postgres], required: LearnerOptions.required)
      let (unknown, now) = (unknown, context.clock())
      let given = time?.time(now: now) ?? now
      guard given <= now else { throw UsageError("--time is when the consent was given; \(given.rfc3339) is to come") }
      _ = try await decision.record(
        granted: true, at: given, remedy: "; --unknown grants it all the same", context
      ) { $0.sourceIsKnown || $0.learnerIsKnown || unknown }
    }
  }

  struct Revoke: Command {
    static let configuration = CommandConfiguration(
      "revoke", abstract: "Record that one learner withdraws consent, and tell the control topic.",
      discussion: """
        It holds even where consent was given for a later time, as by a clock that runs ahead. Withdrawing scope 'analytics'
        also deletes what was stored of the learner; an aggregator does that. The database comes first, then the control
        topic, so that a database that is filled or restored from the log knows it too; where Kafka does not take it, the
        command says so and ends with 1, and 'lectern consent publish' mends that. A learner of whom nothing is known is an
        error.
        """)
    @OptionGroup var server: ServerOptions
    @OptionGroup var decision: ConsentDecision
    @Flag(help: "the learner may be one of whom nothing is known yet") var unknown: Bool
    @Flag(help: "do not tell the control topic") var databaseOnly: Bool

    mutating func run(in environment: CommandEnvironment) async throws {
      let context = try CommandContext(
        self, in: environment, servers: databaseOnly ? [.postgres] : [.kafka, .postgres],
        required: LearnerOptions.required + (databaseOnly ? [] : [Keys.bootstrapServers]))
      let unknown = unknown
      let (learner, time) = try await decision.record(
        granted: false, at: context.clock(), remedy: "; --unknown withdraws it all the same", context
      ) { $0.learnerIsKnown || unknown }
      guard !databaseOnly else { return }
      try await context.tell([(decision.scope, time)], of: learner)
    }
  }

  struct Publish: Command {
    static let configuration = CommandConfiguration(
      "publish", abstract: "Tell the control topic what one learner has withdrawn.",
      discussion: """
        What 'lectern consent revoke' and 'lectern erase' do last, for where Kafka did not take it. Changes nothing in the
        database, and publishes no consent that holds. A learner of whom nothing is known is an error. Leaves a line in the
        audit log. Runs as lectern_aggregator; the pseudonym secret must be the workers'.
        """)
    @OptionGroup var server: ServerOptions
    @OptionGroup var learner: LearnerOptions

    mutating func run(in environment: CommandEnvironment) async throws {
      let context = try CommandContext(
        self, in: environment, servers: [.kafka, .postgres],
        required: LearnerOptions.required + [Keys.bootstrapServers])
      let (learner, withdrawn) = try await context.reading(learner) { repository, learner in
        try await repository.noteRead(by: context.environment.userName())
        return (learner, try await repository.withdrawals(of: learner.pseudonym))
      }
      context.console.print("\(withdrawn.count) withdrawn\n")
      if !withdrawn.isEmpty { try await context.tell(withdrawn, of: learner) }
    }
  }
}

/// An operator's word on one consent of one learner.
struct ConsentDecision: ArgumentGroup {
  @OptionGroup var learner: LearnerOptions
  @Option(help: "what the consent covers") var scope: ConsentEvent.Scope = .analytics

  /// Has it hold in the database; returns the learner, and the time as of which it holds.
  ///
  /// - Parameters:
  ///   - time: when the learner said so; not after now.
  ///   - isKnown: whether enough is known to believe that the learner was named rightly.
  ///   - remedy: what to do where that is not so, for the error.
  func record(
    granted: Bool, at time: EventTime, remedy: String, _ context: CommandContext,
    if isKnown: @escaping @Sendable (LearnerKnowledge) -> Bool
  ) async throws -> (learner: NamedLearner, asOf: EventTime) {
    let learner = try learner.read(context)
    try await context.requireDeploymentSecret()
    let event = ConsentEvent(
      eventID: EventID(UUID().uuidString), source: learner.source, time: time, learnerID: learner.id,
      scope: scope, granted: granted)
    let (pseudonymizer, by) = (context.pseudonymizer, context.environment.userName())
    let outcome = try await context.withConnection(role: .ingest, application: "import") { connection in
      let repository = PrivacyRepository(connection: connection)
      try await repository.requireKnown(learner, by: by, remedy: remedy, if: isKnown)
      return try await repository.decide(event, pseudonymizer: pseudonymizer, by: by)
    }
    let answer = ConsentAnswer(outcome, to: event)
    guard case .holds(let time) = outcome else {
      context.console.note(answer.text)
      throw ExitCode.failure
    }
    context.console.print(answer.text)
    return (learner, time)
  }
}

extension ConsentEvent.Scope: ConfigurationValue {}

extension CommandContext {
  /// Applies control events that did not come through Kafka, as one transaction.
  func apply(_ rows: [ControlRow]) async throws {
    let result = try await withConnection(role: .ingest, application: "import") { connection in
      try await CourseRepository(connection: connection).apply(rows, by: environment.userName())
    }
    console.print(ControlAnswer.text(result))
    if result.overruled > 0 { console.note(ControlAnswer.overruled(result.overruled)) }
    for warning in rows.flatMap(\.event.warnings) { console.note("warning: \(warning)\n") }
  }

  /// Refuses a secret that is not this database's.
  ///
  /// - Parameter isFirst: whether a database that has none yet makes it its own: whoever only reads leaves that to
  ///   those who write.
  func requireDeploymentSecret(role: DatabaseRole = .ingest, orMakesItItsOwn isFirst: Bool = true) async throws {
    let fingerprint = pseudonymizer.fingerprint
    let isOurs = try await withConnection(role: role, application: "import") { connection in
      let repository = IngestRepository(connection: connection)
      return isFirst
        ? try await repository.checkSecretFingerprint(fingerprint)
        : try await repository.knowsSecretFingerprint(fingerprint) ?? true
    }
    guard isOurs else { throw IngestError.secretDiffers }
  }
}
