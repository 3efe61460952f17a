import KafkaIO
import Persistence
import Services
import Synchronization
import Telemetry

/// Closed while the control topic does not fit its ledgers, and until that is known: consent is not known then, so no
/// frame is judged. Any thread.
final class ControlGate: Sendable {
  private let open = Atomic(false)

  var isClosed: Bool { !open.load(ordering: .relaxed) }

  func set(isClosed: Bool) { open.store(!isClosed, ordering: .relaxed) }
}

/// Checks whether the control topic fits its ledgers, whichever worker holds its partitions and parks them.
struct ControlWatch: Service {
  let context: IngestContext
  /// A client of its own: the same last records are read again and again, over one connection.
  let probe: LogProbe

  init(context: IngestContext, kafka: KafkaSettings) throws(KafkaError) {
    self.context = context
    // Silent: the partitions' probe reports a broker that does not answer.
    probe = try LogProbe(settings: kafka, keepsReader: true, logger: .silent)
  }

  /// Compares as often as a parked partition does, until shutdown.
  func run() async throws {
    try await StopFlag.raisedByShutdown { try await watch(until: $0) }
  }

  private func watch(until stop: StopFlag) async throws {
    var known: String?
    while true {
      // After a failed question the gate stays as it was.
      if let misfits = try? await misfits(until: stop) {
        let problem = misfits.first.map { "frames wait, because \($0.partition) is parked: \($0.reason)" }
        context.control.set(isClosed: problem != nil)
        context.health.setControlProblem(problem)
        context.metrics.framesHeld.set(problem == nil ? 0 : 1)
        if let problem, known == nil {
          context.logger.error("frames wait for the control topic", metadata: ["reason": .string(problem)])
        } else if problem == nil, known != nil {
          context.logger.info("the control topic fits its ledger again: frames go on")
        }
        known = problem
      }
      try await stop.sleep(for: context.control.isClosed ? .seconds(1) : context.settings.parkedInterval)
    }
  }

  /// The partitions that do not fit.
  private func misfits(until stop: StopFlag) async throws -> [(partition: TopicPartition, reason: ParkReason)] {
    let (cluster, topic) = (context.clusterID, context.settings.controlTopic)
    // The ledgers first: a log that fits is never behind them afterwards.
    let ledgers = try await context.database.attempt { try await $0.newestLedgers(clusterID: cluster, topic: topic) }
    let count = try await probe.partitionCount(of: topic, until: stop)
    var misfits: [(partition: TopicPartition, reason: ParkReason)] = []
    for (number, ledger) in ledgers.sorted(by: { $0.key < $1.key }) {
      let partition = TopicPartition(topic: topic, partition: number)
      if number < count {
        let reason = try await probe.reasonToPark(
          partition, nextOffset: ledger.nextOffset, last: ledger.last, until: stop)
        if let reason { misfits.append((partition, reason)) }
      } else if ledger.nextOffset > 0 {
        misfits.append((partition, .logIsGone(nextOffset: ledger.nextOffset)))
      }
    }
    return misfits
  }
}
