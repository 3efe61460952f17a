import KafkaIO
import LearningEvents
import Persistence
import Telemetry

/// Judges rejected frames once more, as far as the log still holds them, by the same code as a worker.
///
/// Any number may run, beside workers and erasures. A frame's new verdict replaces its reject in one transaction that
/// checks consent and erasure again, in which the sample table's key decides between this delivery and another; so a
/// record is one of sample, reject and duplicate at every moment. The ledger's `next_offset` stays where it is, and no
/// worker is disturbed.
package struct RejectRetry: Sendable {
  private let parts: IngestParts

  /// Rejects of one transaction, at most, and bytes of their records held in memory.
  private static let batchCount = 64
  private static let batchBytes = 32 << 20

  package init(_ parts: IngestParts) { self.parts = parts }

  /// Judges what is selected, partition by partition in the order of offsets. Cancelled, it ends between two
  /// transactions with `CancellationError`.
  ///
  /// - Throws: what a worker would refuse to start with; `KafkaError` while a record cannot be read.
  package func run(_ selection: RetrySelection) async throws -> RetryReport {
    let stop = StopFlag()
    return try await withTaskCancellationHandler {
      let database = parts.database(reporting: IngestHealth())
      do {
        return try await database.closing { try await run(selection, database, until: stop) }
      } catch is StopRequested {
        throw CancellationError()
      }
    } onCancel: {
      stop.raise()
    }
  }

  private func run(
    _ selection: RetrySelection, _ database: IngestDatabase, until stop: StopFlag
  ) async throws -> RetryReport {
    try await parts.prepare(database, until: stop)
    let probe = try LogProbe(settings: parts.kafka, logger: parts.logger)
    let clusterID = try await parts.settings.clusterID(asking: probe, until: stop)
    let topic = parts.settings.frameTopic
    let reader = try RecordReader(settings: parts.kafka, logger: parts.logger)
    let context = parts.judging
    var (lease, ledgers) = try await self.ledgers(of: clusterID, database, until: stop)
    var report = RetryReport()
    for number in ledgers.keys.sorted() where selection.partition == nil || selection.partition == number {
      let partition = TopicPartition(topic: topic, partition: number)
      // Left out if a restore took it away while another partition was looked at.
      guard let ledger = ledgers[number] else {
        abandon(partition, &report)
        continue
      }
      // Another log under the same name holds other records at the same places.
      let marks = try await lease.retrying(until: stop) { try await $0.marks(of: ledger.ledgerID) }
      if let reason = try await probe.reasonToPark(
        partition, nextOffset: ledger.nextOffset, topicID: ledger.topicID, stored: marks.and(ledger.last), until: stop)
      {
        guard case .retentionPassed = reason else {
          report.parked[partition] = reason
          continue
        }
      }
      let low = try await probe.watermarks(of: partition, until: stop).low
      var after: Int64 = -1
      while true {
        let rest = selection.limit.map { $0 - Int(report.looked) } ?? Self.batchCount
        guard rest > 0 else { return report }
        var progress = RetryPass.Progress(after: after, report: report)
        do {
          let place = after
          let rejects = try await lease.retrying(until: stop) {
            try await $0.rejects(
              ledgerID: ledger.ledgerID, codes: selection.codes, after: place, limit: min(rest, Self.batchCount))
          }
          guard !rejects.isEmpty else { break }
          let judging = FrameJudging(context: context, lease: lease, waiting: nil, stop: stop)
          defer { (after, report) = (progress.after, progress.report) }
          try await RetryPass(judging: judging, reader: reader, stop: stop).judge(
            rejects, of: ledger.ledgerID, in: partition, from: low, bytes: Self.batchBytes, &progress)
        } catch is LeaseEnded {
          // Once more from `after` on, if what is behind the new connection is the same ledger: a restored database may
          // have given its number to another log.
          (lease, ledgers) = try await self.ledgers(of: clusterID, database, until: stop)
          guard let found = ledgers[number], found.continues(ledger) else {
            abandon(partition, &report)
            break
          }
        }
      }
    }
    return report
  }

  private func abandon(_ partition: TopicPartition, _ report: inout RetryReport) {
    report.abandoned.append(partition)
    parts.logger.error(
      "a partition's rejects are left: its ledger is another or an older one than a moment ago; retry them once more",
      metadata: ["partition": .string(partition.description)])
  }

  /// The newest ledgers of the frame topic, with their epochs, and the lease under which they were read.
  private func ledgers(
    of clusterID: ClusterID, _ database: IngestDatabase, until stop: StopFlag
  ) async throws -> (DatabaseLease, [Int32: LedgerState]) {
    let topic = parts.settings.frameTopic
    while true {
      let lease = try await database.lease(until: stop)
      do {
        let ledgers = try await lease.retrying(until: stop) {
          try await $0.newestLedgers(clusterID: clusterID, topic: topic)
        }
        return (lease, ledgers)
      } catch is LeaseEnded {
        continue
      }
    }
  }
}

extension LedgerState {
  /// Whether this can be that ledger at a later time, in a database that did not go back.
  func continues(_ earlier: LedgerState) -> Bool {
    ledgerID == earlier.ledgerID && epoch >= earlier.epoch && nextOffset >= earlier.nextOffset
  }
}
