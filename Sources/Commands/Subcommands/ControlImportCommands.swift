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
    subcommands: [Import.self, Grant.self, Revoke.self, Show.self, List.self])

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
        command says so and ends with 1, and repeating it mends that. A learner of whom nothing is known is an error.
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
      let (learner, since) = try await decision.record(
        granted: false, at: context.clock(), remedy: "; --unknown withdraws it all the same", context
      ) { $0.learnerIsKnown || unknown }
      guard !databaseOnly else { return }
      let notice = await ControlPublisher(context).publish([(decision.scope, since)], of: learner)
      context.console.note("control topic \(notice.text)\n")
      guard notice.told else {
        context.console.note(ControlNotice.remedy)
        throw ExitCode.failure
      }
    }
  }
}

/// An operator's word on one consent of one learner.
struct ConsentDecision: ArgumentGroup {
  @OptionGroup var learner: LearnerOptions
  @Option(help: "what the consent covers") var scope: ConsentEvent.Scope = .analytics

  /// Has it hold in the database; returns the learner, and since when it holds.
  ///
  /// - Parameters:
  ///   - time: when the learner said so; not after now.
  ///   - isKnown: whether enough is known to believe that the learner was named rightly.
  ///   - remedy: what to do where that is not so, for the error.
  func record(
    granted: Bool, at time: EventTime, remedy: String, _ context: CommandContext,
    if isKnown: @escaping @Sendable (LearnerKnowledge) -> Bool
  ) async throws -> (learner: NamedLearner, since: EventTime) {
    let learner = try learner.read(context)
    try await context.requireDeploymentSecret()
    let event = ConsentEvent(
      eventID: EventID(UUID().uuidString), source: learner.source, time: time, learnerID: learner.id,
      scope: scope, granted: granted)
    let (pseudonymizer, by) = (context.pseudonymizer, context.environment.userName())
    let outcome = try await context.withConnection(role: .ingest, application: "import") { connection in
      let repository = PrivacyRepository(connection: connection)
      let knowledge = try await repository.knowledge(of: learner.pseudonym, source: learner.source)
      guard isKnown(knowledge) else { throw UnknownLearner(knowledge, source: learner.source, remedy: remedy) }
      return try await repository.decide(event, pseudonymizer: pseudonymizer, by: by)
    }
    let answer = ConsentAnswer(outcome, to: event)
    guard case .holds(let since) = outcome else {
      context.console.note(answer.text)
      throw ExitCode.failure
    }
    context.console.print(answer.text)
    return (learner, since)
  }
}

extension ConsentEvent.Scope: ConfigurationValue {}

/// Files of control events.
enum ControlFile {
  /// The number of values that a file may hold bounds it before that.
  private static let limitBytes = 1 << 30

  /// What a file holds.
  static func bytes(of file: FilePath) throws -> [UInt8] {
    do throws(FileError) {
      return try file.contents(limit: limitBytes)
    } catch {
      throw UsageError(error.sentence(about: file.text.printable))
    }
  }

  /// Every event of the files, in their order; nothing is applied unless all of them are good.
  static func rows(
    in files: [FilePath], at now: EventTime, pseudonymizer: LearnerPseudonymizer, consent: Bool
  ) throws -> [ControlRow] {
    var rows: [ControlRow] = []
    for file in files {
      let name = file.text.printable
      let bytes = try bytes(of: file)
      do throws(EventError) {
        let events = bytes.withUnsafeBytes { bytes in
          Result { () throws(EventError) in try ControlEvent.decode(batch: bytes) }
        }
        for event in try events.get() {
          if case .consent = event, !consent {
            throw EventError("type", "a consent event: use 'lectern consent import'")
          }
          try event.check(recordedAt: now)
          rows.append(ControlRow(event, recordedAt: now, pseudonymizer: pseudonymizer))
        }
      } catch {
        throw UsageError("\(name) holds no valid events: \(error.detail)")
      }
    }
    return rows
  }
}

extension CommandContext {
  /// Applies control events that did not come through Kafka, as one transaction.
  func apply(_ rows: [ControlRow]) async throws {
    let result = try await withConnection(role: .ingest, application: "import") { connection in
      try await CourseRepository(connection: connection).apply(rows, by: environment.userName())
    }
    console.print(ControlAnswer.text(result))
    for warning in rows.flatMap(\.event.warnings) { console.note("warning: \(warning)\n") }
  }

  /// Refuses a secret that is not this database's.
  func requireDeploymentSecret(role: DatabaseRole = .ingest) async throws {
    let fingerprint = pseudonymizer.fingerprint
    let isOurs = try await withConnection(role: role, application: "import") { connection in
      try await IngestRepository(connection: connection).checkSecretFingerprint(fingerprint)
    }
    guard isOurs else { throw IngestError.secretDiffers }
  }
}
