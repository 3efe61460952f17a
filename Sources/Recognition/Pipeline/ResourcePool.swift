import Synchronization

/// Lends things of which there are a few to many tasks, first come first served. Any thread.
final class ResourcePool<Resource: Sendable>: Sendable {
  private struct State {
    var idle: [Resource]
    var waiters: [CheckedContinuation<Resource, Never>] = []
    /// Waiters before this index were served.
    var head = 0
  }

  private let state: Mutex<State>

  init(_ resources: [Resource]) { state = Mutex(State(idle: resources)) }

  /// Runs a body with a resource of its own; waits while all are lent.
  func withResource<Value>(_ body: (Resource) async throws -> Value) async rethrows -> Value {
    let resource = await take()
    defer { giveBack(resource) }
    return try await body(resource)
  }

  private func take() async -> Resource {
    await withCheckedContinuation { continuation in
      let resource = state.withLock { state -> Resource? in
        if let resource = state.idle.popLast() { return resource }
        state.waiters.append(continuation)
        return nil
      }
      if let resource { continuation.resume(returning: resource) }
    }
  }

  private func giveBack(_ resource: Resource) {
    let next = state.withLock { state -> CheckedContinuation<Resource, Never>? in
      guard state.head < state.waiters.count else {
        state.waiters.removeAll(keepingCapacity: true)
        state.head = 0
        state.idle.append(resource)
        return nil
      }
      defer { state.head += 1 }
      return state.waiters[state.head]
    }
    next?.resume(returning: resource)
  }
}
