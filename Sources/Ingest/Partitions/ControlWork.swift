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
    let sources = context.settings.controlSources
    // The database's clock, as for frames: a worker's that is slow would refuse everything, for good.
    let now = lease.database.clock.now
    let changes = records.map {
      ControlChange($0.record, now: now, from: sources, context.judging.pseudonymizer)
    }
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
        batch.rejects.append(
          RejectRow(change.record, code, detail: detail, reference: change.record.eventReference))
      }
    }
    let applied = batch
    let result = try await lease.retrying(until: stop) { try await $0.applyControl(applied) }
    cursor.follow(step)
    context.metrics.applied.increment(by: Int(result.applied))
    context.metrics.control.skipped.increment(by: Int(step.skipped))
    for reject in batch.rejects { context.metrics.control.rejects[reject.code]?.increment() }
    if result.overruled > 0 {
      context.metrics.overruledRevocations.increment(by: Int(result.overruled))
      context.logger.warning(
        "a consent of a later time stands over revocations",
        metadata: ["revocations": .int(result.overruled), "before": .int(step.nextOffset)])
    }
    for change in run { warn(of: change) }
  }

  private func warn(of change: ControlChange) {
    guard case .event(let row) = change.content else { return }
    let warnings = row.event.warnings
    guard let first = warnings.first else { return }
    context.metrics.controlWarnings.increment()
    context.logger.warning(
      "a control event is hardly meant as it is",
      metadata: [
        "record": .string("\(change.record.topicPartition)/\(change.record.offset)"), "warning": .string(first),
        "warnings": .int(Int64(warnings.count)),
      ])
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

  /// - Parameters:
  ///   - now: by the database's clock.
  ///   - sources: the LMSs that may speak here; nil is any.
  init(
    _ record: KafkaRecord, now: EventTime, from sources: Set<SourceID>?, _ pseudonymizer: LearnerPseudonymizer
  ) {
    self.record = record
    do throws(EventError) {
      let event = try record.controlEvent()
      guard sources?.contains(event.source) ?? true else { throw EventSources.refusal }
      // A record's time is its producer's unless the topic says otherwise, and a clock that runs ahead dates both.
      let recordedAt = min(record.timestamp ?? now, now)
      try event.check(recordedAt: recordedAt)
      content = .event(ControlRow(event, recordedAt: recordedAt, pseudonymizer: pseudonymizer))
    } catch {
      content = .refused(error.code, detail: error.detail)
    }
  }
}
