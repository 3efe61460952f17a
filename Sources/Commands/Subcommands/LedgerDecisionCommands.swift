import Arguments
import Configuration
import Ingest
import LearningEvents
import Persistence

extension LedgerCommand {
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

    mutating func run(in environment: CommandEnvironment) async throws {
      let context = try CommandContext(
        self, in: environment, servers: [.kafka, .postgres], required: [Keys.bootstrapServers, Keys.postgresURL])
      try await choice.decide(LedgerGap.self, context)
    }
  }

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

    mutating func run(in environment: CommandEnvironment) async throws {
      let context = try CommandContext(
        self, in: environment, servers: [.kafka, .postgres], required: [Keys.bootstrapServers, Keys.postgresURL])
      try await choice.decide(LedgerRenewal.self, context)
    }
  }
}

/// Which partitions a decision is about.
struct LogOptions: ArgumentGroup {
  @Option(help: "the topic; of frames unless given") var topic: TopicName?
  @Option(help: "one partition; all that are in this state unless given") var partition: PartitionNumber?
  @Flag(help: "do it; without it nothing is changed") var yes: Bool
  @Flag(help: "print JSON") var json: Bool

  /// Compares the chosen ledgers with their logs, says what would change, and changes it if `--yes` was given.
  func decide<Change: LedgerChange>(_: Change.Type, _ context: CommandContext) async throws {
    let topic = topic ?? context.settings[Keys.frameTopic]
    let partition = partition?.value
    let decision = LedgerDecision<Change>(
      console: context.console, isOfOnePartition: partition != nil, isConfirmed: yes, printsJSON: json)
    try await context.withConnection(role: .migrator, application: "ledger") { connection in
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
      try await decision.run(on: present + withoutLog.map(LedgerExamination.init(gone:))) { change in
        try await change.make(in: repository, by: context.environment.userName())
      }
    }
  }
}

extension CommandContext {
  /// The name the ledger keeps the configured cluster under.
  func clusterID(deadline: Duration = .seconds(30)) async throws -> ClusterID {
    if let given = settings.optional(Keys.clusterID) { return given }
    return try await LedgerExamination.clusterID(kafka: kafka, deadline: deadline, logger: logger)
  }
}
