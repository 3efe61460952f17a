import Synchronization

/// The switch that asks one service, or everything below a task, to come to an end. Thrown once; any thread.
package final class GracefulShutdown: Sendable {
  private struct State {
    var isTriggered = false
    var nextID = 0
    var handlers: [Int: @Sendable () -> Void] = [:]
  }

  /// The switch of the running service, or nil outside a service group.
  @TaskLocal package static var current: GracefulShutdown?

  private let state = Mutex(State())

  package init() {}

  package var isTriggered: Bool { state.withLock(\.isTriggered) }

  /// Asks for shutdown: every handler runs once, on this thread.
  package func trigger() {
    let handlers = state.withLock { state in
      state.isTriggered = true
      defer { state.handlers = [:] }
      return state.handlers.sorted { $0.key < $1.key }.map(\.value)
    }
    for handler in handlers { handler() }
  }

  /// Adds a handler; nil when shutdown was already asked for, in which case it has run.
  func add(_ handler: @escaping @Sendable () -> Void) -> Int? {
    let id: Int? = state.withLock { state in
      guard !state.isTriggered else { return nil }
      state.nextID += 1
      state.handlers[state.nextID] = handler
      return state.nextID
    }
    if id == nil { handler() }
    return id
  }

  func remove(_ id: Int) { _ = state.withLock { $0.handlers.removeValue(forKey: id) } }
}

/// True once the running service has been asked to end.
package var isShuttingDownGracefully: Bool { GracefulShutdown.current?.isTriggered ?? false }

/// Waits until the running service is asked to end, or its task is cancelled.
package func gracefulShutdown() async {
  let signal = AsyncStream<Void>.makeStream()
  await withGracefulShutdownHandler {
    await withTaskCancellationHandler {
      for await _ in signal.stream {}
    } onCancel: {
      signal.continuation.finish()
    }
  } onGracefulShutdown: {
    signal.continuation.finish()
  }
}

/// Runs an operation; if shutdown is asked for meanwhile (or was before), calls the handler once, on any thread.
/// Outside a service group the handler is never called.
package func withGracefulShutdownHandler<Result, Failure: Error>(
  operation: () async throws(Failure) -> Result, onGracefulShutdown handler: @escaping @Sendable () -> Void
) async throws(Failure) -> Result {
  guard let shutdown = GracefulShutdown.current else { return try await operation() }
  let id = shutdown.add(handler)
  defer { if let id { shutdown.remove(id) } }
  return try await operation()
}

/// Runs an operation in a task of its own, cancelled as soon as shutdown is asked for or the caller is cancelled.
package func cancelWhenGracefulShutdown<Result: Sendable>(
  _ operation: @escaping @Sendable () async throws -> Result
) async throws -> Result {
  let task = Task { try await operation() }
  return try await withGracefulShutdownHandler {
    try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      task.cancel()
    }
  } onGracefulShutdown: {
    task.cancel()
  }
}
