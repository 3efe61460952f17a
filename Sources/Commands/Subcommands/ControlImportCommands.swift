import Arguments
import Configuration
import Cryptography
import Foundation
import Ingest
import LearningEvents
import Persistence
import TextOutput

struct CourseCommand: Command {
  static let configuration = CommandConfiguration(
    "course", abstract: "Bring in courses and their segments.", subcommands: [Import.self])

  struct Import: Command {
    static let configuration = CommandConfiguration(
      "import", abstract: "Apply course and session events from files.",
      discussion: "Each file holds one CloudEvent in JSON, or an array of them. The newest event time wins.")
    @OptionGroup var database: DatabaseOptions
    @Argument(help: "files of events", completion: .file) var file: [String]

    mutating func run(in environment: CommandEnvironment) async throws {
      let context = try CommandContext(self, in: environment, required: [Keys.postgresURL])
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
    "consent", abstract: "Record what learners consented to.", subcommands: [Import.self, Grant.self, Revoke.self])

  struct Import: Command {
    static let configuration = CommandConfiguration(
      "import", abstract: "Apply consent events from files.",
      discussion: "Each file holds one CloudEvent in JSON, or an array of them. The newest event time wins.")
    @OptionGroup var database: DatabaseOptions
    @Argument(help: "files of events", completion: .file) var file: [String]

    mutating func run(in environment: CommandEnvironment) async throws {
      let context = try CommandContext(self, in: environment, required: [Keys.postgresURL, Keys.pseudonymSecret])
      try await context.requireDeploymentSecret()
      try await context.apply(
        try ControlFile.rows(
          in: file, at: context.clock(), pseudonymizer: context.pseudonymizer, consent: true))
    }
  }

  struct Grant: Command {
    static let configuration = CommandConfiguration(
      "grant", abstract: "Record one learner's consent.",
      discussion: "Where what holds was said for a later time, as by a clock that runs ahead, it is refused.")
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var learner: LearnerOptions
    mutating func run(in environment: CommandEnvironment) async throws {
      try await learner.record(granted: true, CommandContext(self, in: environment, required: LearnerOptions.required))
    }
  }

  struct Revoke: Command {
    static let configuration = CommandConfiguration(
      "revoke", abstract: "Record that one learner withdraws consent.",
      discussion: """
        It holds even where consent was given for a later time, as by a clock that runs ahead. Withdrawing scope 'analytics'
        also deletes what was stored of the learner; an aggregator does that.
        """)
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var learner: LearnerOptions
    mutating func run(in environment: CommandEnvironment) async throws {
      try await learner.record(granted: false, CommandContext(self, in: environment, required: LearnerOptions.required))
    }
  }
}

/// One learner, by the LMS's id.
struct LearnerOptions: ArgumentGroup {
  static let required: [any AnyConfigurationKey] = [Keys.postgresURL, Keys.pseudonymSecret]

  @Option(help: "the LMS, its CloudEvents source") var source: SourceID
  @Option(help: "the learner's id in that LMS") var learner: LearnerID
  @Option(help: "what the consent covers") var scope: ConsentEvent.Scope = .analytics

  func record(granted: Bool, _ context: CommandContext) async throws {
    try await context.requireDeploymentSecret()
    let event = ConsentEvent(
      eventID: EventID(UUID().uuidString), source: source, time: context.clock(), learnerID: learner, scope: scope,
      granted: granted)
    let (pseudonymizer, by) = (context.pseudonymizer, context.environment.userName())
    let outcome = try await context.withConnection(role: .ingest, application: "import") { connection in
      try await PrivacyRepository(connection: connection).decide(event, pseudonymizer: pseudonymizer, by: by)
    }
    let answer = ConsentAnswer(outcome, to: event)
    guard answer.isApplied else {
      context.console.note(answer.text)
      throw ExitCode.failure
    }
    context.console.print(answer.text)
  }
}

extension ConsentEvent.Scope: ConfigurationValue {}

/// Files of control events.
enum ControlFile {
  /// What a file holds.
  static func bytes(of file: String) throws -> [UInt8] {
    do {
      return [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
    } catch {
      throw UsageError("cannot read '\(file)': \(error.localizedDescription)")
    }
  }

  /// Every event of the files, in their order; nothing is applied unless all of them are good.
  static func rows(
    in files: [String], at now: EventTime, pseudonymizer: LearnerPseudonymizer, consent: Bool
  ) throws -> [ControlRow] {
    var rows: [ControlRow] = []
    for file in files {
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
        throw UsageError("'\(file)' holds no valid events: \(error.detail)")
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
