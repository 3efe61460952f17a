import KafkaIO
import Persistence
import Services
import Synchronization
import Telemetry

/// Closed while the control topic does not fit its ledgers, and until that is known: consent is not known then, so no
/// frame is judged. After each disturbance of the consumer it has to be found out again. Any thread.
final class ControlGate: Sendable {
  /// The disturbances before the last look that found the topic to fit; nothing was found yet, or a misfit: −1.
  private let fits = Atomic(-1)

  /// - Parameter disturbances: of the consumer so far (`PollLoop.disturbances`).
  func isClosed(after disturbances: Int) -> Bool { fits.load(ordering: .relaxed) < disturbances }

  func open(after disturbances: Int) { fits.store(disturbances, ordering: .relaxed) }
  func close() { fits.store(-1, ordering: .relaxed) }

  /// Whether each partition of the control topic was applied as far as its log reached.
  ///
  /// - Parameter progress: the next offset of each partition that has a ledger.
  static func isApplied(_ progress: [Int32: Int64], to ends: [Int32: Int64]) -> Bool {
    ends.allSatisfy { partition, end in end == 0 || progress[partition, default: 0] >= end }
  }
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
    // Where the log ended when it was first found to fit again.
    var goal: [Int32: Int64]?
    while true {
      let disturbances = context.loop.disturbances
      let reminder = Task { try await remind() }
      let found = try? await problems(wasClosed: known != nil, &goal, until: stop)
      reminder.cancel()
      // After a failed question the gate stays as it was.
      if let problems = found {
        let problem = problems.first
        if problem == nil { context.control.open(after: disturbances) } else { context.control.close() }
        context.health.setControlProblem(problem)
        context.metrics.framesHeld.set(problem == nil ? 0 : 1)
        if let problem, known == nil {
          context.logger.error("frames wait for the control topic", metadata: ["reason": .string(problem)])
        } else if problem == nil, known != nil {
          context.logger.info("the control topic fits its ledger again: frames go on")
        }
        known = problem
      }
      let next = ContinuousClock.now + (known == nil ? context.settings.parkedInterval : .seconds(1))
      repeat {
        try await stop.sleep(for: .milliseconds(200))
      } while ContinuousClock.now < next && (known != nil || !context.framesAreHeld)
    }
  }

  /// Frames that wait for an answer, which is asked for until it comes, are a problem once that takes long.
  private func remind() async throws {
    try await Task.sleep(for: Self.patience)
    guard context.framesAreHeld else { return }
    context.logger.warning("frames wait: Kafka does not say whether the control topic is the one it was")
    context.health.setControlProblem(
      "frames have waited for over 15 s, because Kafka does not say whether the control topic is the one it was")
    context.metrics.framesHeld.set(1)
  }

  private static let patience = Duration.seconds(15)

  /// Why frames wait; empty if they need not.
  private func problems(
    wasClosed: Bool, _ goal: inout [Int32: Int64]?, until stop: StopFlag
  ) async throws -> [String] {
    let topic = context.settings.controlTopic
    // The ledgers first: a log that fits is never behind them afterwards.
    let ledgers = try await context.database.attempt {
      try await $0.newestLedgers(clusterID: context.clusterID, topic: topic)
    }
    if let (partition, reason) = try await misfit(of: ledgers, until: stop) {
      goal = nil
      return ["frames wait, because \(partition) is parked: \(reason)"]
    }
    guard wasClosed else { return [] }
    // A ledger that was begun anew fits before anything is applied under it.
    let ends = if let goal { goal } else { try await probe.ends(of: topic, until: stop) }
    goal = ends
    guard ControlGate.isApplied(ledgers.mapValues(\.nextOffset), to: ends) else {
      return ["frames wait until the control topic is applied to its end again"]
    }
    goal = nil
    return []
  }

  /// The first partition that does not fit its ledger.
  private func misfit(
    of ledgers: [Int32: LedgerState], until stop: StopFlag
  ) async throws -> (partition: TopicPartition, reason: ParkReason)? {
    let topic = context.settings.controlTopic
    let count = try await probe.partitionCount(of: topic, until: stop)
    for (number, ledger) in ledgers.sorted(by: { $0.key < $1.key }) {
      let partition = TopicPartition(topic: topic, partition: number)
      if number < count {
        let marks = try await context.database.attempt { try await $0.marks(of: ledger.ledgerID) }
        let reason = try await probe.reasonToPark(
          partition, nextOffset: ledger.nextOffset, topicID: ledger.topicID, stored: marks.and(ledger.last).few,
          until: stop)
        if let reason { return (partition, reason) }
      } else if ledger.nextOffset > 0 {
        return (partition, .logIsGone(nextOffset: ledger.nextOffset))
      }
    }
    return nil
  }
}
