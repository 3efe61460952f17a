import Arguments
import ArgumentsTestSupport
import Commands
import Ingest
import LearningEvents
import Persistence
import PostgresIO
import Testing

/// `lectern ledger accept-gap` and `new-incarnation` once ledgers and logs are known.
@Suite struct LedgerDecisionTests {
  private let time = EventTime(microseconds: 1_764_000_000_000_000)

  private func examination(
    _ partition: Int32, first: Int64 = 0, next: Int64, low: Int64 = 0, _ reason: ParkReason? = nil
  ) -> LedgerExamination {
    LedgerExamination(
      ledger: LedgerRow(
        ledgerID: 10 + partition, log: LogIdentity(clusterID: "c", topic: "frames", partition: partition),
        consumerGroup: "lectern", epoch: 1, firstOffset: first, nextOffset: next, last: nil,
        counters: LedgerCounters(), updatedAt: time), lowWatermark: low, highWatermark: 100,
      reason: reason)
  }

  /// A gap behind offset 40, one before the first offset read, a log that fits and one made again.
  private var ledgers: [LedgerExamination] {
    [
      examination(0, next: 40, low: 60, .retentionPassed(nextOffset: 40, lowWatermark: 60)),
      examination(1, first: 5, next: 50), examination(2, next: 100),
      examination(3, next: 70, .logIsShorter(nextOffset: 70, highWatermark: 20)),
    ]
  }

  /// Runs a decision whose changes fail as told, and returns all it left.
  private func decide<Change: LedgerChange>(
    _: Change.Type, _ examinations: [LedgerExamination], isOfOnePartition: Bool = false, isConfirmed: Bool = false,
    printsJSON: Bool = false, failure: (error: any Error, after: Int)? = nil
  ) async throws -> (code: Int32, output: String, errors: String, made: Int) {
    let memory = MemoryConsole()
    let decision = LedgerDecision<Change>(
      console: memory.environment.console, isOfOnePartition: isOfOnePartition, isConfirmed: isConfirmed,
      printsJSON: printsJSON)
    var (code, made) = (Int32(0), 0)
    do {
      try await decision.run(on: examinations) { _ in
        if let failure, made == failure.after { throw failure.error }
        made += 1
      }
    } catch let exit as ExitCode {
      code = exit.code
    }
    return (code, memory.output.text, memory.errors.text, made)
  }

  private static let gaps = """
    frames[0]: 20 offsets, 40 to 59, gone before they were stored
    frames[1]: 5 offsets, 0 to 4, before the first one read

    """

  @Test func nothingIsChangedUnconfirmed() async throws {
    let said = try await decide(LedgerGap.self, ledgers)
    #expect(said == (0, Self.gaps, "nothing was changed; --yes does it\n", 0))
    let json = try await decide(LedgerGap.self, [ledgers[0]], printsJSON: true)
    #expect(
      json == (
        0,
        #"{"changes":[{"from":40,"isBeginning":false,"ledger":10,"lost":20,"partition":0,"to":60,"topic":"frames"}],"#
          + #""done":false}"# + "\n", "", 0
      ))
    let renewals = try await decide(LedgerRenewal.self, ledgers)
    #expect(renewals.output == "frames[3]: incarnation 1, from offset 0 on; the old ledger stays at 70\n")
  }

  @Test func eachChangeIsSaidWhenItIsMade() async throws {
    #expect(try await decide(LedgerGap.self, ledgers, isConfirmed: true) == (0, Self.gaps, "done\n", 2))
    let json = try await decide(LedgerGap.self, ledgers, isConfirmed: true, printsJSON: true)
    #expect(json.output.hasSuffix(#""done":true}"# + "\n") && json.errors.isEmpty && json.made == 2)
  }

  @Test func aFailureEndsItAndSaysHowFarItCame() async throws {
    let overdue = PostgresError(code: .decisionOverdue, message: "moved", operation: "accepting")
    let moved = try await decide(LedgerGap.self, ledgers, isConfirmed: true, failure: (overdue, 1))
    #expect(moved.code == 1 && moved.output == Self.gaps.split(separator: "\n")[0] + "\n")
    #expect(
      moved.errors
        == "refused: frames[1]: 5 offsets, 0 to 4, before the first one read: the ledger moved meanwhile; look again; "
        + "1 of 2 done\n")
    let failed = try await decide(
      LedgerGap.self, [ledgers[0]], isConfirmed: true, printsJSON: true, failure: (UsageError("no luck"), 0))
    #expect(failed.code == 1 && failed.output.contains(#""done":false,"failed":{"change":{"#))
    #expect(failed.output.contains(#""reason":"no luck"}"#))
    #expect(
      failed.errors.hasPrefix("failed: frames[0]: 20 offsets") && failed.errors.hasSuffix("no luck; 0 of 1 done\n"))
  }

  @Test func refusalsSayWhatIsTheMatter() async throws {
    let fitting = ledgers[2]
    for (isOfOne, expected) in [
      (false, "refused: no partition has a gap; nothing was changed\n"),
      (true, "refused: nothing is missing: its ledger fits the log; nothing was changed\n"),
    ] {
      #expect(
        try await decide(LedgerGap.self, [fitting], isOfOnePartition: isOfOne, isConfirmed: true)
          == (1, "", expected, 0))
    }
    let other = try await decide(LedgerGap.self, [ledgers[3]], isOfOnePartition: true)
    #expect(
      other.errors
        == "refused: it is parked for another reason, which 'lectern ledger new-incarnation' is for: the log ends at 20, "
        + "before the ledger's offset 70: was the topic recreated? See 'lectern ledger new-incarnation'; nothing was "
        + "changed\n")
    #expect(
      try await decide(LedgerRenewal.self, [fitting], isOfOnePartition: true).errors
        == "refused: its log is the one the ledger knows; nothing was changed\n")
    #expect(
      try await decide(LedgerRenewal.self, [ledgers[0]], isOfOnePartition: true).errors
        == "refused: it is parked for another reason, which 'lectern ledger accept-gap' is for: offsets 40..<60 were "
        + "removed by retention before they were stored; see 'lectern ledger accept-gap'; nothing was changed\n")
    #expect(
      try await decide(LedgerRenewal.self, [fitting]).errors
        == "refused: no partition's log was made again; nothing was changed\n")
  }
}
