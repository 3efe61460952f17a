import Synchronization

/// The requests in progress, and whether more may start.
final class HTTPExchanges: Sendable {
  private struct State {
    var isStopping = false
    var active: [ObjectIdentifier: HTTPExchange] = [:]
    var whenEmpty: AsyncStream<Void>.Continuation?
  }

  private let state = Mutex(State())

  /// Registers a request; false if the server is stopping.
  func begin(_ exchange: HTTPExchange) -> Bool {
    state.withLock { state in
      guard !state.isStopping else { return false }
      state.active[ObjectIdentifier(exchange)] = exchange
      return true
    }
  }

  func end(_ exchange: HTTPExchange) {
    let waiting = state.withLock { state -> AsyncStream<Void>.Continuation? in
      state.active[ObjectIdentifier(exchange)] = nil
      return state.active.isEmpty ? state.whenEmpty : nil
    }
    waiting?.finish()
  }

  /// Lets no request start from now on.
  func stop() { state.withLock { $0.isStopping = true } }

  /// Waits until no request is in progress, at most for `limit`. After `stop`.
  func drain(within limit: Duration) async {
    let (stream, continuation) = AsyncStream<Void>.makeStream()
    let isEmpty = state.withLock { state in
      state.whenEmpty = continuation
      return state.active.isEmpty
    }
    if isEmpty { return }
    // A task of its own, so that a cancelled caller still leaves the connections in order.
    await Task {
      await withTaskGroup { group in
        group.addTask { for await _ in stream {} }
        group.addTask { try? await Task.sleep(for: limit) }
        await group.next()
        group.cancelAll()
      }
    }.value
  }

  /// Answers whatever is still in progress.
  func answerAll(_ response: HTTPResponse) {
    for exchange in state.withLock({ Array($0.active.values) }) { exchange.answer(response) }
  }
}
