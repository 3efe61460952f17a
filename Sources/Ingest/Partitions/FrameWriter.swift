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

  /// Stores a run of results and moves the cursor behind them; what the database refuses becomes the reject
  /// `unstorable`.
  func store(_ results: [FrameResult], at cursor: inout LedgerCursor, reaching end: Int64? = nil) async throws {
    try await storeHalving(results) { run, isLast in
      try await storeOnce(run, at: &cursor, reaching: isLast ? end : nil)
    } refused: { result, error in
      context.logger.warning(
        "the database refused a record, which is rejected", metadata: ["error": .string(error.description)])
      result.outcome = .refused(error)
    }
  }

  private func storeOnce(
    _ run: ArraySlice<FrameResult>, at cursor: inout LedgerCursor, reaching end: Int64?
  ) async throws {
    let step = cursor.step(
      over: run.lazy.map(\.record.record.offset), last: run.last.map { RecordMark($0.record.record) }, reaching: end)
    var batch = StoreBatch(step: step, modelID: lease.modelKey, samples: [], rejects: [])
    batch.samples.reserveCapacity(run.count)
    for result in run {
      switch result.outcome {
      case .sample(let row): batch.samples.append(row)
      case .duplicate: batch.knownDuplicates += 1
      case .reject(let code, let detail):
        batch.rejects.append(RejectRow(result.record.record, code, detail: detail, reference: result.record.reference))
      }
    }
    let start = ContinuousClock.now
    let stored = batch
    let result = try await lease.retrying(until: stop, deadlines: 2) { try await $0.store(stored) }
    context.metrics.storeSeconds.observe(start.duration(to: .now))
    cursor.follow(step)
    // Each piece, since the next one may have to wait for an announcement.
    if let record = run.first?.record.record {
      context.loop.send(.mirror(record.topicPartition, nextOffset: step.nextOffset))
    }
    count(result, rejects: batch.rejects, skipped: step.skipped)
  }

  private func count(_ result: StoreResult, rejects: [RejectRow], skipped: Int64) {
    context.metrics.samples.increment(by: Int(result.samples))
    context.metrics.duplicates.increment(by: Int(result.duplicates))
    context.metrics.frames.skipped.increment(by: Int(skipped))
    for reject in rejects { context.metrics.frames.rejects[reject.code]?.increment() }
    context.metrics.frames.rejects[.noConsent]?.increment(by: Int(result.consentLost))
    context.metrics.frames.rejects[.sequenceReused]?.increment(by: Int(result.sequenceReused))
  }
}
