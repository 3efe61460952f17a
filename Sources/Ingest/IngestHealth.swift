import Synchronization

/// What a worker knows of its own readiness. Any thread.
package final class IngestHealth: Sendable {
  private struct State {
    var isAssigned = false
    var databaseIsReachable = true
    var controlIsReached = true
    var parked: [String: ParkReason] = [:]
  }

  private let state = Mutex(State())

  package init() {}

  /// Why the worker is not ready, in words; empty when it is. Safe to show: topics, partitions and offsets only.
  package var problems: [String] {
    state.withLock { state in
      var problems: [String] = []
      if !state.isAssigned { problems.append("no partition is assigned yet") }
      if !state.databaseIsReachable { problems.append("PostgreSQL cannot be reached") }
      if !state.controlIsReached { problems.append("the control topic has not been read to its end yet") }
      problems += state.parked.sorted { $0.key < $1.key }.map { "\($0.key) is parked: \($0.value)" }
      return problems
    }
  }

  package var parkedCount: Int { state.withLock(\.parked.count) }

  func setAssigned() { state.withLock { $0.isAssigned = true } }
  func setDatabaseReachable(_ isReachable: Bool) { state.withLock { $0.databaseIsReachable = isReachable } }
  func setControlReached(_ isReached: Bool) { state.withLock { $0.controlIsReached = isReached } }
  func park(_ partition: String, _ reason: ParkReason) { state.withLock { $0.parked[partition] = reason } }
  func unpark(_ partition: String) { _ = state.withLock { $0.parked.removeValue(forKey: partition) } }
}
