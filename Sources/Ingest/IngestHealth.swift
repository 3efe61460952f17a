import KafkaIO
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
    var parked: [TopicPartition: ParkReason] = [:]
  }

  private let state = Mutex(State())

  package init() {}

  /// Why the worker is not ready, in words; empty when it is. Safe to show: topics, partitions and offsets only.
  package var problems: [String] {
    state.withLock { state in
      var problems: [String] = []
      if !state.isAssigned { problems.append("no partition is assigned yet") }
      if !state.databaseIsReachable { problems.append("PostgreSQL cannot be reached") }
      if state.refusals > 0 { problems.append("PostgreSQL refuses to store (SQLSTATE \(state.refusalCode))") }
      if state.controlWaits > 0 { problems.append("the control topic has not been read to its end yet") }
      if let problem = state.controlProblem { problems.append(problem) }
      problems += state.parked.sorted { $0.key < $1.key }.map { "\($0.key) is parked: \($0.value)" }
      return problems
    }
  }

  package var parkedCount: Int { state.withLock(\.parked.count) }

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
  func park(_ partition: TopicPartition, _ reason: ParkReason) { state.withLock { $0.parked[partition] = reason } }
  func unpark(_ partition: TopicPartition) { _ = state.withLock { $0.parked.removeValue(forKey: partition) } }
}
