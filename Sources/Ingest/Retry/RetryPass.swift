import KafkaIO
import LearningEvents
import Persistence
import PostgresIO

/// One batch of rejects: read again, judged, stored.
struct RetryPass: Sendable {
  let judging: FrameJudging
  let reader: RecordReader
  let stop: StopFlag

  /// A rejected record beside its new verdict.
  private struct Verdict {
    let reject: RejectToJudge
    let record: FrameRecord
    let outcome: FrameResult.Outcome
  }

  /// Judges the first of these rejects, as many as `bytes` of records allow but at least one, and returns how many.
  func judge(
    _ rejects: [RejectToJudge], of ledger: Int32, in partition: TopicPartition, from low: Int64, bytes: Int,
    into report: inout RetryReport
  ) async throws -> Int {
    // Retention took them.
    let gone = rejects.prefix { $0.offset < low }.count
    report.gone += Int64(gone)
    guard gone < rejects.count else { return gone }
    try stop.check()
    let (records, taken) = try await reader.records(of: rejects[gone...], in: partition, bytes: bytes)
    report.gone += Int64(taken - records.count)
    var pseudonyms = PseudonymMemo(judging.context.pseudonymizer)
    let held = records.map { entry in
      (
        reject: entry.reject,
        record: FrameRecord(entry.record, receivedAt: judging.context.clock(), pseudonyms: &pseudonyms)
      )
    }
    var pending = held.map(\.record)[...]
    while !pending.isEmpty {
      try stop.check()
      let settled = try await judging.settle(pending)
      let results = try await judging.recognise(settled, from: pending)
      // Nothing waits here; recognition gives none only when it was stopped.
      if results.isEmpty { throw StopRequested() }
      let verdicts = results.indices.map { index in
        let entry = held[pending.startIndex + index]
        return Verdict(reject: entry.reject, record: entry.record, outcome: results[index].outcome)
      }
      try await store(verdicts, of: ledger, into: &report)
      pending = pending.dropFirst(results.count)
    }
    return gone + taken
  }

  /// Stores verdicts as one transaction; where the database refuses a value they are halved until the bad one is alone,
  /// and it becomes the reject `unstorable`.
  private func store(_ verdicts: [Verdict], of ledger: Int32, into report: inout RetryReport) async throws {
    var runs = [verdicts[...]]
    while let run = runs.popLast() {
      do {
        try await storeOnce(run, of: ledger, into: &report)
      } catch let error as PostgresError where error.severity == .data {
        if run.count == 1, let only = run.first {
          let outcome = FrameResult.Outcome.reject(.unstorable, detail: "refused with SQLSTATE \(error.code)")
          try await storeOnce(
            [Verdict(reject: only.reject, record: only.record, outcome: outcome)], of: ledger, into: &report)
        } else {
          let middle = run.startIndex + run.count / 2
          runs.append(run[middle...])
          runs.append(run[..<middle])
        }
      }
    }
  }

  private func storeOnce(
    _ verdicts: ArraySlice<Verdict>, of ledger: Int32, into report: inout RetryReport
  ) async throws {
    var batch = RetryBatch(ledgerID: ledger, modelID: judging.context.lease.modelKey, judged: verdicts.map(\.reject))
    for verdict in verdicts {
      switch verdict.outcome {
      case .sample(let row): batch.samples.append(row)
      case .reject(let code, let detail):
        batch.rejects.append(
          RejectRow(
            offset: verdict.reject.offset, code: code, detail: detail,
            recordTimestamp: verdict.reject.recordTimestamp))
      case .duplicate:
        // Found stored a moment ago; the transaction looks again.
        guard let event = verdict.record.candidate?.event else { continue }
        batch.duplicates.append(
          StoredFrame(
            offset: verdict.reject.offset, source: event.source, sessionID: event.sessionID,
            sequence: event.sequence, capturedAt: event.capturedAt))
      }
    }
    let judged = batch
    // Repeated after a lost answer it finds its rejects judged and leaves them: the report then says untouched.
    let result = try await judging.context.lease.retrying(until: stop) { repository throws(PostgresError) in
      try await repository.retry(judged)
    }
    report.samples += result.samples
    report.duplicates += result.duplicates
    report.rejects += result.rejects
    report.untouched += result.untouched
  }
}
