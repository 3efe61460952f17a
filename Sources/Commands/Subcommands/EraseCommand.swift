import Aggregation
import Arguments
import Cryptography
import Foundation
import LearningEvents
import Persistence
import PostgresIO
import Telemetry

/// `lectern erase`
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

  mutating func run() async throws {
    let context = try CommandContext(self, required: LearnerOptions.required)
    try await context.requireDeploymentSecret(role: "lectern_aggregator")
    // The LMS's id goes no further than this line.
    let pseudonym = context.pseudonymizer.pseudonym(source: source, learnerID: learner)
    let yes = yes
    let receipt = try await context.withConnection(role: "lectern_aggregator", application: "erase") { connection in
      let repository = PrivacyRepository(connection: connection)
      let before = try await repository.holdings(of: pseudonym)
      guard yes else { return Receipt(before) }
      let order = try await repository.erase(pseudonym, by: ProcessInfo.processInfo.userName)
      let erasure = try await Self.finish(order, repository, context)
      return Receipt(before, order, erasure, after: try await repository.holdings(of: pseudonym))
    }
    if json { try Terminal.print(json: receipt) } else { Terminal.print(receipt.text) }
    if !yes { Terminal.note("nothing was changed; --yes does it\n") }
    if receipt.isUnfinished {
      Terminal.note("the erasure is ordered and not finished yet: 'lectern aggregate' goes on with it\n")
      throw ExitCode.failure
    }
  }

  /// Does what the erasure waits for until nothing of it is left, by itself or beside others that are at it.
  private static func finish(
    _ order: ErasureOrder, _ repository: PrivacyRepository, _ context: CommandContext
  ) async throws -> ErasureReceipt {
    let aggregator = Aggregator(
      postgres: context.postgres(role: "lectern_aggregator", application: "erase"), settings: context.aggregation,
      logger: context.logger.labelled("erase"), metrics: context.registry)
    let deadline = ContinuousClock.now + patience
    while true {
      do {
        try await aggregator.advanceErasures()
      } catch let error as PostgresError where error.isTransient {
        context.logger.warning("interrupted, trying again", metadata: ["code": .string(error.code.rawValue)])
      }
      guard let receipt = try await repository.receipt(erasureID: order.id) else {
        throw PostgresError(code: .decoding, message: "the erasure is gone", operation: "reading a receipt")
      }
      if receipt.isComplete || ContinuousClock.now > deadline { return receipt }
      try await Task.sleep(for: .milliseconds(200))
    }
  }

  /// What was stored and what became of it. Holds nothing that names the learner.
  private struct Receipt: Encodable {
    let done: Bool
    var erasure: Int64?
    var cutoff: String?
    let samples, sessions, rollupRows: Int64
    let firstCapturedAt, lastCapturedAt: String?
    /// What is stored now: nothing, or what came after a new consent.
    var left: Left?

    struct Left: Encodable { let samples, sessions, rollupRows: Int64 }

    init(_ before: LearnerHoldings) {
      done = false
      (samples, sessions, rollupRows) = (before.samples, before.sessions, before.rollupRows)
      (firstCapturedAt, lastCapturedAt) = (before.firstCapturedAt?.rfc3339, before.lastCapturedAt?.rfc3339)
    }

    /// Samples and sessions are what the database counted while it deleted, which may be more than there was before.
    init(_ before: LearnerHoldings, _ order: ErasureOrder, _ erasure: ErasureReceipt, after: LearnerHoldings) {
      done = erasure.isComplete
      (self.erasure, cutoff) = (order.id, order.cutoff.rfc3339)
      (samples, sessions) = (erasure.samplesRemoved, erasure.sessionsRemoved)
      rollupRows = max(0, before.rollupRows - after.rollupRows)
      (firstCapturedAt, lastCapturedAt) = (before.firstCapturedAt?.rfc3339, before.lastCapturedAt?.rfc3339)
      left = Left(samples: after.samples, sessions: after.sessions, rollupRows: after.rollupRows)
    }

    var isUnfinished: Bool { erasure != nil && !done }

    var text: String {
      let verb = erasure == nil ? "stored" : "removed"
      var lines: [(String, String)] = []
      if let erasure, let cutoff { lines.append(("erasure", "\(erasure), for all that is captured until \(cutoff)")) }
      lines.append(("samples", "\(samples) \(verb)"))
      if let firstCapturedAt, let lastCapturedAt {
        lines.append(("captured", "\(firstCapturedAt) to \(lastCapturedAt)"))
      }
      lines += [("sessions", "\(sessions) \(verb)"), ("rollup rows", "\(rollupRows) \(verb)")]
      if let left {
        lines.append(
          ("stored now", "\(left.samples) samples, \(left.sessions) sessions, \(left.rollupRows) rollup rows"))
      }
      return lines.map { $0.0.padding(toLength: 13, withPad: " ", startingAt: 0) + $0.1 + "\n" }.joined()
    }
  }
}
