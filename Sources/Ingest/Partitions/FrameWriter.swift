import KafkaIO
import LearningEvents
import Persistence
import PostgresIO
import Telemetry

/// Stores results through the ledger's fence, each call one transaction.
struct FrameWriter {
  let context: IngestContext
  /// The one the results were judged under.
  let lease: DatabaseLease
  let stop: StopFlag

  /// Stores a run of results and moves the cursor behind them.
  ///
  /// Where the database refuses a value (SQLSTATE classes 22, 23 and 54) the run is halved until the one bad record is
  /// alone; it becomes the reject `unstorable`, and its neighbours are stored.
  func store(_ results: [FrameResult], at cursor: inout LedgerCursor, reaching end: Int64? = nil) async throws {
    // A stack of runs still to store, the next one last.
    var runs = [results[...]]
    while var run = runs.popLast() {
      let isLast = runs.isEmpty
      do {
        try await storeOnce(run, at: &cursor, reaching: isLast ? end : nil)
      } catch let error as PostgresError where error.severity == .data && !run.isEmpty {
        if run.count == 1 {
          context.logger.warning(
            "the database refused a record, which is rejected", metadata: ["error": .string(error.description)])
          run[run.startIndex].outcome = .reject(.unstorable, detail: "refused with SQLSTATE \(error.code)")
          try await storeOnce(run, at: &cursor, reaching: isLast ? end : nil)
        } else {
          let middle = run.startIndex + run.count / 2
          runs.append(run[middle...])
          runs.append(run[..<middle])
        }
      }
    }
  }

  private func storeOnce(
    _ run: ArraySlice<FrameResult>, at cursor: inout LedgerCursor, reaching end: Int64?
  ) async throws {
    let step = cursor.step(
      over: run.lazy.map(\.record.record.offset), last: run.last.map { LastRecord($0.record.record) }, reaching: end)
    var batch = StoreBatch(step: step, modelID: lease.modelKey, samples: [], rejects: [])
    batch.samples.reserveCapacity(run.count)
    for result in run {
      switch result.outcome {
      case .sample(let row): batch.samples.append(row)
      case .duplicate: batch.knownDuplicates += 1
      case .reject(let code, let detail):
        batch.rejects.append(
          RejectRow(
            offset: result.record.record.offset, code: code, detail: detail,
            recordTimestamp: result.record.record.timestamp))
      }
    }
    let start = ContinuousClock.now
    let stored = batch
    let result = try await lease.retrying(until: stop, deadlines: 2) { repository throws(PostgresError) in
      try await repository.store(stored)
    }
    context.metrics.storeSeconds.observe(start.duration(to: .now))
    cursor.nextOffset = step.nextOffset
    count(result, rejects: batch.rejects, skipped: step.skipped)
  }

  private func count(_ result: StoreResult, rejects: [RejectRow], skipped: Int64) {
    context.metrics.samples.increment(by: Int(result.samples))
    context.metrics.duplicates.increment(by: Int(result.duplicates))
    context.metrics.skipped.increment(by: Int(skipped))
    for reject in rejects { context.metrics.rejects[reject.code]?.increment() }
    context.metrics.rejects[.noConsent]?.increment(by: Int(result.consentLost))
    context.metrics.rejects[.sequenceReused]?.increment(by: Int(result.sequenceReused))
  }
}
