import Services
import Synchronization

/// Thrown where work ends because it was asked to: nothing is lost, the ledger says where the next owner begins.
package struct StopRequested: Error {}

/// Asks work to end soon: a partition's task, a part of a worker, a question that is repeated until it is answered.
/// Raised once, from any thread.
///
/// Where graceful shutdown ends a whole service, a flag may end a part of it: a partition that was revoked. So ingest
/// knows flags alone, and each service makes its own (`raisedByShutdown`).
package final class StopFlag: Sendable {
  private struct State {
    var isRaised = false
    var handlers: [Int: @Sendable () -> Void] = [:]
    var lastHandler = 0
  }

  private let state = Mutex(State())

  package init() {}

  /// Runs a service's work with a flag that graceful shutdown, or the task's cancellation, raises. Work that ends with
  /// `StopRequested` has ended as it should.
  package static func raisedByShutdown(_ work: (StopFlag) async throws -> Void) async throws {
    let stop = StopFlag()
    try await withGracefulShutdownHandler {
      try await withTaskCancellationHandler {
        do { try await work(stop) } catch is StopRequested {}
      } onCancel: {
        stop.raise()
      }
    } onGracefulShutdown: {
      stop.raise()
    }
  }

  package var isRaised: Bool { state.withLock(\.isRaised) }

  package func raise() {
    let handlers = state.withLock { state in
      state.isRaised = true
      defer { state.handlers = [:] }
      return Array(state.handlers.values)
    }
    for handler in handlers { handler() }
  }

  /// Runs work in a task that is cancelled when the flag is raised; nil if that ended it.
  ///
  /// - Parameter patience: how long work that had begun before may go on. Work that begins after it is cancelled at
  ///   once.
  package func cancelling<Value: Sendable>(
    after patience: Duration = .zero, _ work: @escaping @Sendable () async throws -> Value
  ) async throws -> Value? {
    let wasRaised = isRaised
    let task = Task { try await work() }
    let id = add {
      guard patience > .zero, !wasRaised else { return task.cancel() }
      Task {
        try? await Task.sleep(for: patience)
        task.cancel()
      }
    }
    defer { if let id { remove(id) } }
    do {
      return try await task.value
    } catch is CancellationError where isRaised {
      return nil
    }
  }

  /// Waits for work that nothing can interrupt, but not beyond the raising of the flag: then it throws `StopRequested`,
  /// and the work goes on unwatched.
  package func abandoning<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
    try check()
    let (answers, answer) = AsyncThrowingStream<Value, any Error>.makeStream()
    Task {
      do {
        answer.yield(try await work())
        answer.finish()
      } catch {
        answer.finish(throwing: error)
      }
    }
    let id = add { answer.finish(throwing: StopRequested()) }
    defer { if let id { remove(id) } }
    for try await value in answers { return value }
    // Only a cancelled task comes to an end without an answer.
    throw StopRequested()
  }

  /// Keeps a handler; nil if the flag is raised already, and then it has run.
  private func add(_ handler: @escaping @Sendable () -> Void) -> Int? {
    let id = state.withLock { state -> Int? in
      guard !state.isRaised else { return nil }
      state.lastHandler += 1
      state.handlers[state.lastHandler] = handler
      return state.lastHandler
    }
    if id == nil { handler() }
    return id
  }

  private func remove(_ id: Int) { _ = state.withLock { $0.handlers.removeValue(forKey: id) } }

  package func check() throws(StopRequested) {
    if isRaised { throw StopRequested() }
  }

  /// Sleeps, but ends at once with `StopRequested` when the flag is raised.
  package func sleep(for duration: Duration) async throws(StopRequested) {
    try check()
    await withCheckedContinuation { continuation in
      guard let id = add({ continuation.resume() }) else { return }
      // Left to run out when the flag wakes the sleeper first: it finds nobody then.
      Task {
        try? await Task.sleep(for: duration)
        state.withLock { $0.handlers.removeValue(forKey: id) }?()
      }
    }
    try check()
  }

  /// Waits until the flag is raised.
  package func wait() async {
    await withCheckedContinuation { continuation in _ = add { continuation.resume() } }
  }
}
