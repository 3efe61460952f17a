import KafkaIO
import Persistence
import PostgresIO
import Synchronization
import Telemetry

/// Closed while the control topic does not fit its ledgers: what it says of consent is not known then, so no frame is
/// judged. Any thread.
final class ControlGate: Sendable {
  private let closed = Atomic(false)

  var isClosed: Bool { closed.load(ordering: .relaxed) }

  func set(isClosed: Bool) { closed.store(isClosed, ordering: .relaxed) }
}

/// Looks whether the control topic fits its ledgers, whichever worker holds its partitions and parks them.
struct ControlWatch {
  let context: IngestContext

  /// Looks as often as at a parked partition, until the flag is raised. Failures are the others' to report.
  func run(until stop: StopFlag) async {
    while !stop.isRaised {
      try? await stop.sleep(for: context.settings.parkedInterval)
      guard let misfit = try? await look(until: stop) else { continue }
      let reason = misfit.reason.map { "frames wait, because \(misfit.partition) is parked: \($0)" }
      if context.control.isClosed != (reason != nil) {
        if let reason {
          context.logger.error("frames wait for the control topic", metadata: ["reason": .string(reason)])
        } else {
          context.logger.info("the control topic fits its ledger again: frames go on")
        }
      }
      context.control.set(isClosed: reason != nil)
      context.health.setControlProblem(reason)
    }
  }

  /// The first partition that does not fit, if there is one.
  private func look(until stop: StopFlag) async throws -> (partition: TopicPartition, reason: ParkReason?) {
    let (cluster, topic) = (context.clusterID, context.settings.controlTopic)
    // The ledgers first: a log that fits is never behind them afterwards.
    let progress = try await context.database.attempt { repository throws(PostgresError) in
      try await repository.controlProgress(clusterID: cluster, topic: topic)
    }
    let extents = try await context.probe.extents(of: topic, until: stop)
    for (number, next) in progress.sorted(by: { $0.key < $1.key }) {
      // A topic that is gone ends before everything.
      let extent = extents[number] ?? 0..<0
      let reason = ParkReason(
        nextOffset: next, lowWatermark: extent.lowerBound, highWatermark: extent.upperBound)
      if let reason { return (TopicPartition(topic: topic, partition: number), reason) }
    }
    return (TopicPartition(topic: topic, partition: 0), nil)
  }
}
