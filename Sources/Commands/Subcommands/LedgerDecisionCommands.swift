import Arguments
import Configuration
import Foundation
import Ingest
import KafkaIO
import LearningEvents
import Persistence
import PostgresIO
import Telemetry

extension LedgerCommand {
  /// `lectern ledger accept-gap`
  struct AcceptGap: Command {
    static let configuration = CommandConfiguration(
      "accept-gap", abstract: "Count offsets that the log no longer holds as lost, and go on behind them.",
      discussion: """
        For a partition that is parked because retention removed what was never stored; and, to have it on record, for
        one whose log began after offset 0 when it was first read. Without --yes it only says what would be lost. The
        worker that holds the partition goes on by itself within 5 s. Runs as lectern_migrator.
        """)
    @OptionGroup var server: ServerOptions
    @OptionGroup var choice: LogOptions

    mutating func run() async throws {
      let context = try CommandContext(self, required: [Keys.bootstrapServers, Keys.postgresURL])
      try await LedgerDecision(context: context, choice: choice).run(
        fits: { LedgerGap($0) },
        refusal: { examination in
          switch examination.reason {
          case nil: "nothing is missing: its ledger fits the log"
          case .retentionPassed: "nothing is missing"
          case .logIsShorter, .logIsGone, .lastRecordDiffers:
            "it is parked for another reason, which 'lectern ledger new-incarnation' is for: \(examination.reason!)"
          }
        },
        none: "no partition has a gap",
        carryOut: { gap, repository, by in try await gap.accept(in: repository, by: by) })
    }
  }

  /// `lectern ledger new-incarnation`
  struct NewIncarnation: Command {
    static let configuration = CommandConfiguration(
      "new-incarnation", abstract: "Begin a new ledger for a topic that was deleted and made again.",
      discussion: """
        For partitions that are parked because the log ends before the ledger, or holds another record where the last
        stored one was. The old ledger is kept; what the new log delivers again is counted as duplicates. Without --yes it
        only says what it would do. Workers go on by themselves within 5 s. Runs as lectern_migrator.
        """)
    @OptionGroup var server: ServerOptions
    @OptionGroup var choice: LogOptions

    mutating func run() async throws {
      let context = try CommandContext(self, required: [Keys.bootstrapServers, Keys.postgresURL])
      try await LedgerDecision(context: context, choice: choice).run(
        fits: { LedgerRenewal($0) },
        refusal: { examination in
          switch examination.reason {
          case nil: "its log is the one the ledger knows"
          case .retentionPassed, .logIsShorter, .logIsGone, .lastRecordDiffers:
            "it is parked for another reason, which 'lectern ledger accept-gap' is for: \(examination.reason!)"
          }
        },
        none: "no partition's log was made again",
        carryOut: { renewal, repository, by in try await renewal.begin(in: repository, by: by) })
    }
  }
}

/// Which partitions a decision is about.
struct LogOptions: ArgumentGroup {
  @Option(help: "the topic; of frames unless given") var topic: TopicName?
  @Option(help: "one partition; all that are in this state unless given") var partition: PartitionNumber?
  @Flag(help: "do it; without it nothing is changed") var yes: Bool
  @Flag(help: "print JSON") var json: Bool
}

/// A change that an operator may make to one ledger, and its line.
protocol LedgerChange: Encodable, Sendable {
  var sentence: String { get }
}

/// Offsets that were never stored and are in the log no more.
struct LedgerGap: LedgerChange {
  let topic: TopicName
  let partition, ledger: Int32
  /// The offsets [from, to).
  let from, to: Int64
  let lost: Int64
  /// True if they lie before the ledger's first offset, where no worker stands.
  let isBeginning: Bool

  init?(_ examination: LedgerExamination) {
    let row = examination.ledger
    (topic, partition, ledger) = (row.log.topic, row.log.partition, row.ledgerID)
    switch examination.reason {
    case .retentionPassed(let next, let low): (from, to, isBeginning) = (next, low, false)
    case nil where row.firstOffset > 0: (from, to, isBeginning) = (0, row.firstOffset, true)
    case nil, .logIsShorter, .logIsGone, .lastRecordDiffers: return nil
    }
    lost = to - from
  }

  var sentence: String {
    "\(topic)[\(partition)]: \(lost) offsets, \(from) to \(to - 1), \(isBeginning ? "before the first one read" : "gone before they were stored")"
  }

  func accept(in repository: LedgerRepository, by: String) async throws {
    if isBeginning {
      try await repository.acceptBeginning(ledgerID: ledger, expectedFirst: to, by: by)
    } else {
      try await repository.acceptGap(ledgerID: ledger, expectedNext: from, begin: to, by: by)
    }
  }
}

/// A log that was made again under its old name.
struct LedgerRenewal: LedgerChange {
  let topic: TopicName
  let partition, ledger, incarnation: Int32
  let oldNext, first: Int64
  let reason: String

  init?(_ examination: LedgerExamination) {
    switch examination.reason {
    case .logIsShorter, .logIsGone, .lastRecordDiffers: break
    case nil, .retentionPassed: return nil
    }
    let row = examination.ledger
    (topic, partition, ledger) = (row.log.topic, row.log.partition, row.ledgerID)
    (incarnation, oldNext, first) = ((row.log.incarnation ?? 0) + 1, row.nextOffset, examination.lowWatermark)
    reason = examination.reason?.description ?? ""
  }

  var sentence: String {
    "\(topic)[\(partition)]: incarnation \(incarnation), from offset \(first) on; the old ledger stays at \(oldNext)"
  }

  func begin(in repository: LedgerRepository, by: String) async throws {
    try await repository.newIncarnation(ledgerID: ledger, expectedNext: oldNext, first: first, by: by)
  }
}

/// Looks at the partitions in question, says what would change, and changes it if told to.
struct LedgerDecision {
  let context: CommandContext
  let choice: LogOptions

  private struct Answer<Change: Encodable>: Encodable {
    /// Whether every change that was due was made.
    let done: Bool
    /// What was made; without `--yes`, what would be.
    let changes: [Change]
    var failed: Failure?

    /// The change at which it ended. Those behind it were not tried.
    struct Failure: Encodable {
      let change: Change
      let reason: String
    }
  }

  func run<Change: LedgerChange>(
    fits: (LedgerExamination) -> Change?, refusal: (LedgerExamination) -> String, none: String,
    carryOut: @Sendable (Change, LedgerRepository, String) async throws -> Void
  ) async throws {
    let topic = choice.topic ?? context.settings[Keys.frameTopic]
    let (context, partition) = (self.context, choice.partition?.value)
    try await context.withConnection(role: "lectern_migrator", application: "ledger") { connection in
      let repository = LedgerRepository(connection: connection)
      let cluster = try await context.clusterID()
      let ledgers = try await repository.ledgers(clusterID: cluster).filter {
        $0.log.topic == topic && (partition == nil || $0.log.partition == partition)
      }
      guard !ledgers.isEmpty else {
        throw UsageError(
          "cluster \(cluster) has no ledger for \(topic)\(partition.map { "[\($0)]" } ?? ""): see 'lectern ledger show'"
        )
      }
      let (present, withoutLog, _) = try await LedgerExamination.survey(
        ledgers, kafka: context.kafka, logger: context.logger)
      let examinations = present + withoutLog.map(LedgerExamination.init(gone:))
      let changes = examinations.compactMap(fits)
      if changes.isEmpty {
        let reasons = partition == nil ? [] : examinations.map(refusal)
        Terminal.note("refused: \(reasons.first ?? none); nothing was changed\n")
        throw ExitCode.failure
      }
      guard choice.yes else {
        if choice.json { return try Terminal.print(json: Answer(done: false, changes: changes)) }
        for change in changes { Terminal.print(change.sentence + "\n") }
        return Terminal.note("nothing was changed; --yes does it\n")
      }
      try await make(changes, in: repository, carryOut)
    }
  }

  /// Makes the changes one by one, each a transaction of its own, and says which were made, however it ends.
  private func make<Change: LedgerChange>(
    _ changes: [Change], in repository: LedgerRepository,
    _ carryOut: @Sendable (Change, LedgerRepository, String) async throws -> Void
  ) async throws {
    var made: [Change] = []
    for change in changes {
      do {
        try await carryOut(change, repository, ProcessInfo.processInfo.userName)
      } catch {
        let isOverdue = (error as? PostgresError)?.code == .decisionOverdue
        let reason = isOverdue ? "the ledger moved meanwhile; look again" : "\(error)"
        if choice.json {
          try Terminal.print(
            json: Answer(done: false, changes: made, failed: .init(change: change, reason: reason)))
        }
        let verb = isOverdue ? "refused" : "failed"
        Terminal.note("\(verb): \(change.sentence): \(reason); \(made.count) of \(changes.count) done\n")
        throw ExitCode.failure
      }
      made.append(change)
      if !choice.json { Terminal.print(change.sentence + "\n") }
    }
    if choice.json { try Terminal.print(json: Answer(done: true, changes: made)) } else { Terminal.note("done\n") }
  }
}

extension CommandContext {
  /// The name the ledger keeps the configured cluster under.
  func clusterID(deadline: Duration = .seconds(30)) async throws -> ClusterID {
    if let given = settings.optional(Keys.clusterID) { return given }
    return try await LedgerExamination.clusterID(kafka: kafka, deadline: deadline, logger: logger)
  }
}
