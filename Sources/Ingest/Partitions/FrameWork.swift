import Cryptography
import KafkaIO
import LearningEvents
import Persistence
import Recognition
import Telemetry

/// Turns frame records into samples, rejects and counted duplicates.
///
/// A batch is stored in pieces where that costs nobody anything: up to a frame whose course or consent is not known
/// yet, and whatever was recognised when the batch's time is over or the partition is taken away.
struct FrameWork: PartitionWork {
  private let context: IngestContext
  private let stop: StopFlag
  private let waiting: AnnouncementWaits

  init(context: IngestContext, stop: StopFlag) {
    (self.context, self.stop) = (context, stop)
    waiting = AnnouncementWaits(longest: context.settings.judge.grace)
  }

  /// Waits until the control topic was applied up to where it ended at this claim, so that a backlog of both topics
  /// never rejects a frame for what the log says later.
  ///
  /// Whether that log is the one the ledger knows, `ControlWatch` checks, again and again.
  func prepare() async throws {
    let topic = context.settings.controlTopic
    let ends = try await context.probe.ends(of: topic, until: stop)
    var waits = false
    defer { if waits { context.health.endControlWait() } }
    while true {
      let progress = try await context.database.retrying(until: stop) {
        try await $0.progress(clusterID: context.clusterID, topic: topic)
      }
      if ControlGate.isApplied(progress, to: ends) { return }
      if !waits { context.health.beginControlWait() }
      waits = true
      try await stop.sleep(for: .milliseconds(200))
    }
  }

  func process(
    _ records: [ReceivedRecord], reaching end: Int64?, at cursor: inout LedgerCursor, under lease: DatabaseLease
  ) async throws {
    let writer = FrameWriter(context: context, lease: lease, stop: stop)
    let judging = FrameJudging(context: context.judging, lease: lease, waiting: waiting, stop: stop)
    var pseudonyms = PseudonymMemo(context.judging.pseudonymizer)
    var pending = records.map {
      FrameRecord(
        $0.record, receivedAt: $0.receivedAt, from: context.settings.frameSources, pseudonyms: &pseudonyms)
    }[...]
    context.metrics.foreignKeys.increment(by: pending.count { !$0.isKeyed })
    while !pending.isEmpty {
      try stop.check()
      while context.framesAreHeld { try await stop.sleep(for: .milliseconds(200)) }
      let frames = try await judging.judge(pending)
      guard !frames.isEmpty else {
        try await stop.sleep(for: .milliseconds(250))
        continue
      }
      let results = try await judging.recognise(frames)
      if results.isEmpty { throw StopRequested() }
      try await writer.store(results, at: &cursor)
      pending = pending.dropFirst(results.count)
    }
    if let end, end > cursor.nextOffset { try await writer.store([], at: &cursor, reaching: end) }
  }
}
