import KafkaIO
import LearningEvents
import Synchronization

/// What a worker knows of its own readiness. Any thread.
package final class IngestHealth: Sendable {
  private struct State {
    var isAssigned = false
    var databaseIsReachable = true
    /// Calls that PostgreSQL answered with an error again and again, and the last SQLSTATE.
    var refusals = 0
    var refusalCode = ""
    /// Partitions that wait for the control topic.
    var controlWaits = 0
    var controlProblem: String?
    var missingTopics: [TopicName] = []
    var parked: [TopicPartition: ParkReason] = [:]
    /// Partitions that are being claimed, and since when.
    var claims: [TopicPartition: ContinuousClock.Instant] = [:]

    func overdueClaims(at now: ContinuousClock.Instant) -> [TopicPartition] {
      claims.filter { parked[$0.key] == nil && $0.value.duration(to: now) >= IngestHealth.claimPatience }.keys.sorted()
    }
  }

  /// A claim that takes longer is a problem: Kafka or PostgreSQL does not answer about the partition.
  package static let claimPatience = Duration.seconds(15)

  private let state = Mutex(State())

  package init() {}

  /// Why the worker is not ready, in words; empty when it is. Safe to show: topics, partitions and offsets only.
  package var problems: [String] {
    state.withLock { state in
      var problems: [String] = []
      problems += state.missingTopics.map { "topic \($0) is missing: it is read once somebody makes it" }
      if !state.isAssigned { problems.append("no partition is assigned yet") }
      if !state.databaseIsReachable { problems.append("PostgreSQL cannot be reached") }
      if state.refusals > 0 { problems.append("PostgreSQL refuses to store (SQLSTATE \(state.refusalCode))") }
      if state.controlWaits > 0 { problems.append("the control topic has not been read to its end yet") }
      if let problem = state.controlProblem { problems.append(problem) }
      problems += state.overdueClaims(at: .now).map {
        "\($0) is not read yet: its claim waits for an answer since \(Self.claimPatience.components.seconds) s or more"
      }
      problems += state.parked.sorted { $0.key < $1.key }.map { "\($0.key) is parked: \($0.value)" }
      return problems
    }
  }

  /// Partitions whose claim takes longer than `claimPatience`.
  package var overdueClaimCount: Int { state.withLock { $0.overdueClaims(at: .now).count } }

  package var parkedCount: Int { state.withLock(\.parked.count) }

  func setMissingTopics(_ topics: Set<TopicName>) { state.withLock { $0.missingTopics = topics.sorted() } }
  func setAssigned() { state.withLock { $0.isAssigned = true } }
  func setDatabaseReachable(_ isReachable: Bool) { state.withLock { $0.databaseIsReachable = isReachable } }
  /// A call failed and fails again, though there is a connection: a full disk, a server that only reads.
  func beginRefusal(_ code: String) {
    state.withLock { state in
      state.refusals += 1
      state.refusalCode = code
    }
  }
  func endRefusal() { state.withLock { $0.refusals -= 1 } }
  func beginControlWait() { state.withLock { $0.controlWaits += 1 } }
  func endControlWait() { state.withLock { $0.controlWaits -= 1 } }
  /// Why no frame is judged; nil if they are.
  func setControlProblem(_ problem: String?) { state.withLock { $0.controlProblem = problem } }
  func beginClaim(_ partition: TopicPartition) { state.withLock { $0.claims[partition] = .now } }
  func endClaim(_ partition: TopicPartition) { _ = state.withLock { $0.claims.removeValue(forKey: partition) } }
  func park(_ partition: TopicPartition, _ reason: ParkReason) { state.withLock { $0.parked[partition] = reason } }
  func unpark(_ partition: TopicPartition) { _ = state.withLock { $0.parked.removeValue(forKey: partition) } }
}
