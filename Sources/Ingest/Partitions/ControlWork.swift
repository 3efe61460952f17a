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
    _ records: [ReceivedRecord], reaching end: Int64?, at cursor: inout LedgerCursor, under lease: DatabaseLease
  ) async throws {
    guard !records.isEmpty || (end ?? 0) > cursor.nextOffset else { return }
    let changes = records.map { ControlChange($0.record, context.judging.pseudonymizer) }
    try await storeHalving(changes) { run, isLast in
      try await apply(run, at: &cursor, under: lease, reaching: isLast ? end : nil)
    } refused: { change, error in
      change.content = .refused(.unstorable, detail: error.refusal)
    }
  }

  private func apply(
    _ run: ArraySlice<ControlChange>, at cursor: inout LedgerCursor, under lease: DatabaseLease, reaching end: Int64?
  ) async throws {
    let step = cursor.step(
      over: run.lazy.map(\.record.offset), last: run.last.map { RecordMark($0.record) }, reaching: end)
    var batch = ControlBatch(step: step, events: [], rejects: [])
    for change in run {
      switch change.content {
      case .event(let event): batch.events.append(event)
      case .refused(let code, let detail):
        batch.rejects.append(RejectRow(change.record, code, detail: detail))
      }
    }
    let applied = batch
    let result = try await lease.retrying(until: stop) { try await $0.applyControl(applied) }
    cursor.follow(step)
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
