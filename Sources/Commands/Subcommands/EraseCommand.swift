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
      for what is captured after it. Without --yes it only says what is stored. Runs as lectern_aggregator; the
      pseudonym secret must be the workers'. If it is interrupted, any aggregator finishes the work.
      """)

  @OptionGroup var database: DatabaseOptions
  @Option(help: "the LMS, its CloudEvents source") var source: SourceID
  @Option(help: "the learner's id in that LMS") var learner: LearnerID
  @Flag(help: "do it; without it nothing is changed") var yes: Bool
  @Flag(help: "print JSON") var json: Bool

  /// How long the receipt waits for other aggregators that are at the same erasure.
  private static let patience = Duration.seconds(600)

  mutating func run(in environment: CommandEnvironment) async throws {
    let context = try CommandContext(self, in: environment, required: LearnerOptions.required)
    try await context.requireDeploymentSecret(role: .aggregator)
    // The LMS's id goes no further than this line.
    let pseudonym = context.pseudonymizer.pseudonym(source: source, learnerID: learner)
    let yes = yes
    let receipt = try await context.withConnection(role: .aggregator, application: "erase") { connection in
      let repository = PrivacyRepository(connection: connection)
      let before = try await repository.holdings(of: pseudonym)
      guard yes else {
        try await repository.noteRead(by: context.environment.userName())
        return EraseReceipt(before)
      }
      let order = try await repository.erase(pseudonym, by: context.environment.userName())
      let erasure = try await Self.finish(order, repository, context)
      return EraseReceipt(before, order, erasure, after: try await repository.holdings(of: pseudonym))
    }
    if json { try context.console.print(json: receipt) } else { context.console.print(receipt.text) }
    if !yes { context.console.note("nothing was changed; --yes does it\n") }
    if receipt.isUnfinished {
      context.console.note("the erasure is ordered and not finished yet: 'lectern aggregate' goes on with it\n")
      throw ExitCode.failure
    }
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
