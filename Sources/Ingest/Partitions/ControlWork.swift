import Cryptography
import KafkaIO
import LearningEvents
import Persistence
import PostgresIO
import Telemetry

/// Applies control records in the order of their log: courses, session declarations, consent.
struct ControlWork: PartitionWork {
  let context: IngestContext
  let stop: StopFlag

  func prepare() async throws {}

  func process(
    _ entries: [PartitionEntry], at cursor: inout LedgerCursor, under lease: DatabaseLease
  ) async throws {
    var changes: [ControlChange] = []
    var end: Int64?
    for entry in entries {
      switch entry {
      case .record(let record, _):
        guard record.offset >= cursor.nextOffset else { continue }
        changes.append(ControlChange(record, context.judging.pseudonymizer))
      case .end(let offset): end = offset
      case .nudge, .outOfLog: break
      }
    }
    var runs = changes.isEmpty && (end ?? 0) <= cursor.nextOffset ? [] : [changes[...]]
    while let run = runs.popLast() {
      do {
        try await apply(run, at: &cursor, under: lease, reaching: runs.isEmpty ? end : nil)
      } catch let error as PostgresError where error.severity == .data && !run.isEmpty {
        if run.count == 1, var change = run.first {
          change.content = .refused(.unstorable, detail: "refused with SQLSTATE \(error.code)")
          try await apply(
            [change], at: &cursor, under: lease, reaching: runs.isEmpty ? end : nil)
        } else {
          let middle = run.startIndex + run.count / 2
          runs.append(run[middle...])
          runs.append(run[..<middle])
        }
      }
    }
  }

  private func apply(
    _ run: ArraySlice<ControlChange>, at cursor: inout LedgerCursor, under lease: DatabaseLease, reaching end: Int64?
  ) async throws {
    let step = cursor.step(
      over: run.lazy.map(\.record.offset), last: run.last.map { LastRecord($0.record) }, reaching: end)
    var batch = ControlBatch(step: step, events: [], rejects: [])
    for change in run {
      switch change.content {
      case .event(let event): batch.events.append(event)
      case .refused(let code, let detail):
        batch.rejects.append(
          RejectRow(
            offset: change.record.offset, code: code, detail: detail,
            recordTimestamp: change.record.timestamp))
      }
    }
    let applied = batch
    let result = try await lease.retrying(until: stop) { repository throws(PostgresError) in
      try await repository.applyControl(applied)
    }
    cursor.nextOffset = step.nextOffset
    context.metrics.applied.increment(by: Int(result.applied))
    context.metrics.skipped.increment(by: Int(step.skipped))
    for reject in batch.rejects { context.metrics.rejects[reject.code]?.increment() }
  }
}

/// One control record: the event with its learner pseudonymised, or what is wrong with it.
struct ControlChange: Sendable {
  enum Content: Sendable {
    case event(ControlRow)
    case refused(RejectCode, detail: String)
  }

  let record: KafkaRecord
  var content: Content

  init(_ record: KafkaRecord, _ pseudonymizer: LearnerPseudonymizer) {
    self.record = record
    do throws(EventError) {
      content = .event(ControlRow(try record.controlEvent(), pseudonymizer: pseudonymizer))
    } catch {
      content = .refused(error.code, detail: error.detail)
    }
  }
}
