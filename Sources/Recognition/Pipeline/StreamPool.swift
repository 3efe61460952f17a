import Synchronization

/// A few streams that many items share: an item has a stream for itself while it is in work, first come first served.
/// Any thread.
package final class StreamPool<Stream: Sendable>: Sendable {
  private struct State {
    var idle: [Stream]
    var waiters: [CheckedContinuation<Stream, Never>] = []
    /// Waiters before this index were served.
    var head = 0

    /// Takes the longest waiter out. Amortised constant time, and no more memory than twice what waits: a queue that is
    /// never empty must not grow.
    mutating func popWaiter() -> CheckedContinuation<Stream, Never>? {
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

  /// How many streams there are.
  package let count: Int
  private let state: Mutex<State>

  package init(_ streams: [Stream]) {
    precondition(!streams.isEmpty, "a pool has a stream")
    count = streams.count
    state = Mutex(State(idle: streams))
  }

  /// Places that the queue takes, those of waiters who were served included.
  package var queuePlaces: Int { state.withLock(\.waiters.count) }

  /// Runs one item on a stream of its own; waits while all are in use.
  ///
  /// - Throws: what `work` throws, or `CancellationError` where the task was cancelled before there was a stream.
  package func run<Value>(_ work: (Stream) async throws -> Value) async throws -> Value {
    try Task.checkCancellation()
    let stream = await take()
    defer { giveBack(stream) }
    // It may have waited long.
    try Task.checkCancellation()
    return try await work(stream)
  }

  /// Runs work on each item and returns the values in the items' order. A slow item holds no other up, and items of
  /// several calls at once take turns. The first failure cancels the rest and is thrown.
  package func map<Item: Sendable, Value: Sendable>(
    _ items: [Item], _ work: @escaping @Sendable (Stream, Item) async throws -> Value
  ) async throws -> [Value] {
    var values: [Value] = []
    values.reserveCapacity(items.count)
    try await inOrder(items, ahead: items.count) { stream, _, item in
      try await work(stream, item)
    } receive: { _, value in
      values.append(value)
    }
    return values
  }

  /// Runs work on each item and hands the values over one by one in the items' order. The first failure cancels the
  /// rest and is thrown.
  ///
  /// Not inlined: Swift 6.3.1 crashes on splitting the coroutine of a command that it was inlined into.
  ///
  /// - Parameters:
  ///   - ahead: how many items may be begun before an earlier one is handed over; three a stream where nil.
  ///   - work: is given a stream, the item's index and the item.
  @inline(never)
  package func inOrder<Item: Sendable, Value: Sendable>(
    _ items: [Item], ahead: Int? = nil, _ work: @escaping @Sendable (Stream, Int, Item) async throws -> Value,
    receive: (Int, Value) async throws -> Void
  ) async throws {
    let ahead = ahead ?? 3 * count
    try await withThrowingTaskGroup(of: (Int, Value).self) { group in
      var (started, delivered) = (0, 0)
      var waiting: [Int: Value] = [:]
      func startMore() {
        while started < items.count, started - delivered - waiting.count < count, started - delivered < ahead {
          let (index, item) = (started, items[started])
          group.addTask { [self] in (index, try await run { try await work($0, index, item) }) }
          started += 1
        }
      }
      startMore()
      while let (index, value) = try await group.next() {
        waiting[index] = value
        // The stream that is free has its next item before anybody looks at this one's value.
        startMore()
        while let next = waiting.removeValue(forKey: delivered) {
          try await receive(delivered, next)
          delivered += 1
        }
        startMore()
      }
    }
  }

  private func take() async -> Stream {
    await withCheckedContinuation { continuation in
      let stream = state.withLock { state -> Stream? in
        if let stream = state.idle.popLast() { return stream }
        state.waiters.append(continuation)
        return nil
      }
      if let stream { continuation.resume(returning: stream) }
    }
  }

  private func giveBack(_ stream: Stream) {
    let next = state.withLock { state -> CheckedContinuation<Stream, Never>? in
      let waiter = state.popWaiter()
      if waiter == nil { state.idle.append(stream) }
      return waiter
    }
    next?.resume(returning: stream)
  }
}
