import Arguments
package import Ingest
import Persistence
import PostgresIO
package import TextOutput

/// An operator's decision about ledgers: says what would change, and changes it once it is confirmed.
package struct LedgerDecision<Change: LedgerChange> {
  let console: Console
  /// Whether one partition was named; a refusal then gives the reason of that partition.
  let isOfOnePartition: Bool
  let isConfirmed: Bool
  let printsJSON: Bool

  package init(console: Console, isOfOnePartition: Bool, isConfirmed: Bool, printsJSON: Bool) {
    (self.console, self.isOfOnePartition) = (console, isOfOnePartition)
    (self.isConfirmed, self.printsJSON) = (isConfirmed, printsJSON)
  }

  private struct Answer: Encodable {
    /// Whether every change that was due was made.
    let done: Bool
    /// What was made; unconfirmed, what would be.
    let changes: [Change]
    var failed: Failure?

    /// The change at which it ended. Those behind it were not tried.
    struct Failure: Encodable {
      let change: Change
      let reason: String
    }
  }

  /// - Parameter make: makes one change, in a transaction of its own.
  /// - Throws: `ExitCode` if no ledger is in the state of such a change, or one change failed.
  package func run(on examinations: [LedgerExamination], make: (Change) async throws -> Void) async throws {
    let changes = examinations.compactMap(Change.init)
    if changes.isEmpty {
      let reasons = isOfOnePartition ? examinations.map(Change.refusal) : []
      console.note("refused: \(reasons.first ?? Change.none); nothing was changed\n")
      throw ExitCode.failure
    }
    guard isConfirmed else {
      if printsJSON { return try console.print(json: Answer(done: false, changes: changes)) }
      for change in changes { console.print(change.sentence + "\n") }
      return console.note("nothing was changed; --yes does it\n")
    }
    try await carryOut(changes, make)
  }

  /// Makes the changes one by one, and says which were made, however it ends.
  private func carryOut(_ changes: [Change], _ make: (Change) async throws -> Void) async throws {
    var made: [Change] = []
    for change in changes {
      do {
        try await make(change)
      } catch {
        let isOverdue = (error as? PostgresError)?.code == .decisionOverdue
        let reason = isOverdue ? "the ledger moved meanwhile; look again" : "\(error)"
        if printsJSON {
          try console.print(json: Answer(done: false, changes: made, failed: .init(change: change, reason: reason)))
        }
        let verb = isOverdue ? "refused" : "failed"
        console.note("\(verb): \(change.sentence): \(reason); \(made.count) of \(changes.count) done\n")
        throw ExitCode.failure
      }
      made.append(change)
      if !printsJSON { console.print(change.sentence + "\n") }
    }
    if printsJSON { try console.print(json: Answer(done: true, changes: made)) } else { console.note("done\n") }
  }
}
