import KafkaIO
import LearningEvents
import Persistence
import PostgresIO

/// One batch of rejects: read again, judged, stored.
struct RetryPass: Sendable {
  let judging: FrameJudging
  let reader: RecordReader
  let stop: StopFlag

  /// A reject beside what its record becomes now.
  private struct Verdict {
    let reject: RejectToJudge
    var result: FrameResult
  }

  /// How far a partition's rejects were looked at, and what became of them. It moves with each transaction, so that
  /// what is begun once more after a lost connection is not counted twice.
  struct Progress {
    /// The offset of the last reject that was looked at.
    var after: Int64
    var report: RetryReport
    /// Offsets of rejects whose record the log holds no more.
    fileprivate var missing: Set<Int64> = []

    init(after: Int64, report: RetryReport) { (self.after, self.report) = (after, report) }

    fileprivate mutating func move(to offset: Int64) {
      report.gone += Int64(missing.count { $0 > after && $0 <= offset })
      after = max(after, offset)
    }
  }

  /// Judges the first of these rejects, as many as `bytes` of records allow but at least one.
  func judge(
    _ rejects: [RejectToJudge], of ledger: Int32, in partition: TopicPartition, from low: Int64, bytes: Int,
    _ progress: inout Progress
  ) async throws {
    // Retention took them.
    let gone = rejects.prefix { $0.offset < low }
    progress.missing = Set(gone.map(\.offset))
    if let last = gone.last { progress.move(to: last.offset) }
    guard gone.count < rejects.count else { return }
    try stop.check()
    let (records, taken) = try await reader.records(of: rejects[gone.count...], in: partition, bytes: bytes)
    let looked = rejects[gone.count..<gone.count + taken].map(\.offset)
    progress.missing = Set(looked).subtracting(records.map(\.reject.offset))
    var pseudonyms = PseudonymMemo(judging.context.pseudonymizer)
    var rejects = records.map(\.reject)[...]
    var pending = records.map {
      FrameRecord(
        $0.record, receivedAt: judging.context.clock(), from: judging.context.settings.frameSources,
        pseudonyms: &pseudonyms)
    }[...]
    while !pending.isEmpty {
      try stop.check()
      let results = try await judging.recognise(try await judging.judge(pending))
      // Nothing waits here; recognition gives none only when it was stopped.
      if results.isEmpty { throw StopRequested() }
      try await store(zip(rejects, results).map(Verdict.init), of: ledger, &progress)
      rejects = rejects.dropFirst(results.count)
      pending = pending.dropFirst(results.count)
    }
    if let last = looked.last { progress.move(to: last) }
  }

  /// Stores verdicts as one transaction; what the database refuses becomes the reject `unstorable`.
  private func store(_ verdicts: [Verdict], of ledger: Int32, _ progress: inout Progress) async throws {
    try await storeHalving(verdicts) { run, _ in
      try await storeOnce(run, of: ledger, &progress)
    } refused: { verdict, error in
      verdict.result.outcome = .refused(error)
    }
  }

  private func storeOnce(
    _ verdicts: ArraySlice<Verdict>, of ledger: Int32, _ progress: inout Progress
  ) async throws {
    var batch = RetryBatch(ledgerID: ledger, modelID: judging.lease.modelKey, judged: verdicts.map(\.reject))
    for verdict in verdicts {
      switch verdict.result.outcome {
      case .sample(let row): batch.samples.append(row)
      case .reject(let code, let detail):
        batch.rejects.append(
          RejectRow(
            offset: verdict.reject.offset, code: code, detail: detail,
            recordTimestamp: verdict.reject.recordTimestamp))
      case .duplicate:
        // Found stored a moment ago; the transaction looks again.
        guard let event = verdict.result.record.candidate?.event else { continue }
        batch.duplicates.append(
          StoredFrame(
            offset: verdict.reject.offset, source: event.source, sessionID: event.sessionID,
            sequence: event.sequence, capturedAt: event.capturedAt))
      }
    }
    let judged = batch
    // Repeated after a lost answer it finds its rejects judged and leaves them: the report then says untouched.
    let result = try await judging.lease.retrying(until: stop) { try await $0.retry(judged) }
    progress.report.samples += result.samples
    progress.report.duplicates += result.duplicates
    progress.report.rejects += result.rejects
    progress.report.untouched += result.untouched
    if let last = verdicts.last { progress.move(to: last.reject.offset) }
  }
}
