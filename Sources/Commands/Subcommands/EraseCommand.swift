import Aggregation
import Arguments
import Cryptography
import LearningEvents
import Persistence
import PostgresIO
import Telemetry
import TextOutput

struct EraseCommand: Command {
  static let configuration = CommandConfiguration(
    "erase", abstract: "Erase one learner, by the LMS's id, with a receipt.",
    discussion: """
      Withdraws every consent, deletes the learner's samples, sums, sessions and shares in released figures, and leaves a
      tombstone: no frame captured up to now is ever stored again, whatever the log delivers. A later consent counts
      for what is captured after it. Then the control topic is told, so that a database that is filled or restored from the
      log knows it too; where Kafka does not take it, the database is erased all the same, the command ends with 1, and
      'lectern consent publish' mends that. Pictures and ids that Kafka holds go when its topics let them go, which the receipt says.
      Without --yes it only says what is stored. A learner of whom nothing is known is an error. Runs as
      lectern_aggregator; the pseudonym secret must be the workers'. If it is interrupted, any aggregator finishes the work.
      """)

  @OptionGroup var server: ServerOptions
  @OptionGroup var learner: LearnerOptions
  @Flag(help: "do it; without it nothing is changed") var yes: Bool
  @Flag(help: "the learner may be one of whom nothing is known yet: what was captured until now is refused")
  var unknown: Bool
  @Flag(help: "do not tell the control topic") var databaseOnly: Bool
  @Flag(help: "print JSON") var json: Bool

  /// How long the receipt waits for other aggregators that are at the same erasure.
  private static let patience = Duration.seconds(600)

  mutating func run(in environment: CommandEnvironment) async throws {
    let context = try CommandContext(
      self, in: environment, servers: yes && !databaseOnly ? [.kafka, .postgres] : [.postgres],
      required: LearnerOptions.required + (yes && !databaseOnly ? [Keys.bootstrapServers] : []))
    // The LMS's id goes no further than what the control topic is told.
    let learner = try learner.read(context)
    try await context.requireDeploymentSecret(role: .aggregator, orMakesItItsOwn: yes)
    let (yes, unknown, databaseOnly) = (yes, unknown, databaseOnly)
    let receipt = try await context.withConnection(role: .aggregator, application: "erase") { connection in
      let repository = PrivacyRepository(connection: connection)
      let by = context.environment.userName()
      try await repository.requireKnown(
        learner, by: by, remedy: "; --unknown refuses all the same what was captured until now"
      ) { $0.learnerIsKnown || unknown }
      if !yes { try await repository.noteRead(by: by) }
      let before = try await repository.holdings(of: learner.pseudonym)
      guard yes else { return EraseReceipt(before) }
      let order = try await repository.erase(learner.pseudonym, by: by)
      // As soon as it holds: what follows takes its time, and may be interrupted.
      let notice =
        databaseOnly
        ? ControlNotice(problem: "left out by --database-only")
        : await ControlPublisher(context).publish(
          // Whoever consented again meanwhile goes on consenting.
          try await repository.withdrawals(of: learner.pseudonym), of: learner)
      let erasure = try await Self.finish(order, repository, context)
      return EraseReceipt(
        before, order, erasure, after: try await repository.holdings(of: learner.pseudonym), kafka: notice)
    }
    if json { try context.console.print(json: receipt) } else { context.console.print(receipt.text) }
    if !yes { context.console.note("nothing was changed; --yes does it\n") }
    if receipt.isUnfinished {
      context.console.note("the erasure is ordered and not finished yet: 'lectern aggregate' goes on with it\n")
    }
    let isUntold = yes && !databaseOnly && receipt.kafka?.told == false
    if isUntold { context.console.note(ControlNotice.remedy) }
    if receipt.isUnfinished || isUntold { throw ExitCode.failure }
  }

  /// Works on the erasure until it is complete; other aggregators may work on it at the same time.
  private static func finish(
    _ order: ErasureOrder, _ repository: PrivacyRepository, _ context: CommandContext
  ) async throws -> ErasureReceipt {
    let aggregator = context.aggregator("erase")
    let uptime = context.environment.uptime
    let deadline = uptime() + patience
    while true {
      do {
        try await aggregator.advanceErasures()
      } catch let error as PostgresError where error.isTransient {
        context.logger.warning("interrupted, trying again", metadata: ["code": .string(error.code.rawValue)])
      }
      guard let receipt = try await repository.receipt(erasureID: order.id) else {
        throw PostgresError(code: .decoding, message: "the erasure is gone", operation: "reading a receipt")
      }
      if receipt.isComplete || uptime() > deadline { return receipt }
      try await Task.sleep(for: .milliseconds(200))
    }
  }
}
