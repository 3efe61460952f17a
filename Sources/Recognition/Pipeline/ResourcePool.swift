import Synchronization

/// Lends things of which there are a few to many tasks, first come first served. Any thread.
package final class ResourcePool<Resource: Sendable>: Sendable {
  private struct State {
    var idle: [Resource]
    var waiters: [CheckedContinuation<Resource, Never>] = []
    /// Waiters before this index were served.
    var head = 0

    /// Takes the longest waiter out. Amortised constant time, and no more memory than twice what waits: a queue that is
    /// never empty must not grow.
    mutating func popWaiter() -> CheckedContinuation<Resource, Never>? {
      guard head < waiters.count else { return nil }
      let waiter = waiters[head]
      head += 1
      if head * 2 >= waiters.count {
        waiters.removeFirst(head)
        head = 0
      }
      return waiter
    }
  }

  private let state: Mutex<State>

  package init(_ resources: [Resource]) { state = Mutex(State(idle: resources)) }

  /// Places that the queue takes, those of waiters who were served included.
  package var queuePlaces: Int { state.withLock(\.waiters.count) }

  /// Runs a body with a resource of its own; waits while all are lent.
  package func withResource<Value>(_ body: (Resource) async throws -> Value) async rethrows -> Value {
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
      let waiter = state.popWaiter()
      if waiter == nil { state.idle.append(resource) }
      return waiter
    }
    next?.resume(returning: resource)
  }
}
