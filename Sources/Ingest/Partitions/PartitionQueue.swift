import Services
import Synchronization

/// When a batch is handed out, and how much may wait.
package struct PartitionQueueLimits: Sendable {
  /// Entries in one batch, at most.
  package var batchCount: Int
  /// Bytes in one batch, at most; a single larger entry is a batch of its own.
  package var batchBytes: Int
  /// How long the oldest entry may wait for company.
  package var batchAge: Duration
  /// Entries that may wait; the producer pauses its partition at this many.
  package var queueCount: Int
  /// Bytes that may wait or be in the consumer's hand; the producer pauses its partition at this many.
  package var queueBytes: Int

  package init(batchCount: Int, batchBytes: Int, batchAge: Duration, queueCount: Int, queueBytes: Int) {
    self.batchCount = batchCount
    self.batchBytes = batchBytes
    self.batchAge = batchAge
    self.queueCount = queueCount
    self.queueBytes = queueBytes
  }
}

/// The bounded hand-over from the poll thread to the task that works on one partition.
///
/// One producer (the poll thread) appends and never waits; one consumer takes batches. When the queue is full the
/// producer is told so and pauses the partition: nothing is dropped and polling goes on. A batch closes by count, by
/// bytes or by the age of its oldest entry; age is judged when the producer calls `closeAgedBatch`, so that no timer
/// runs for an idle partition.
package final class PartitionQueue<Element: Sendable>: Sendable {
  private struct Entry {
    var element: Element
    var bytes: Int
    var arrival: ContinuousClock.Instant
  }

  private struct State {
    var entries: [Entry] = []
    /// Entries before this index were handed out; the array is compacted when it runs empty or half is behind.
    var head = 0
    var bytes = 0
    /// Bytes of the batch that was handed out last, until the next one is asked for.
    var bytesInHand = 0
    var isClosed = false
    /// Bytes that may wait, and bytes in one batch: the limits, unless the queue has been given less.
    var queueBytes: Int
    var batchBytes: Int
    var waiter: CheckedContinuation<[Element]?, Never>?
  }

  private let limits: PartitionQueueLimits
  private let state: Mutex<State>

  package init(limits: PartitionQueueLimits) {
    self.limits = limits
    state = Mutex(State(queueBytes: limits.queueBytes, batchBytes: limits.batchBytes))
  }

  /// Gives the queue its share of what all queues of a worker may hold, in bytes; never more than its limits. What
  /// waits already stays.
  package func setShare(_ bytes: Int) {
    let ready = state.withLock { state -> (() -> Void)? in
      state.queueBytes = min(bytes, limits.queueBytes)
      // Two batches fit, so that one can fill while the other is worked on.
      state.batchBytes = min(limits.batchBytes, state.queueBytes / 2)
      return isBatchFull(state) ? handOut(&state) : nil
    }
    ready?()
  }

  /// Waits on the producer's thread until something more may wait; false if that took longer than `limit`. Sleeps, so
  /// never a cooperative thread.
  package func waitForRoom(upTo limit: Duration) -> Bool {
    let deadline = ContinuousClock.now + limit
    while state.withLock({ isFull($0) && !$0.isClosed }) {
      guard ContinuousClock.now < deadline else { return false }
      ThreadExecutor.sleep(for: .microseconds(500))
    }
    return true
  }

  /// Appends one entry of `bytes` bytes; false once the queue is full or closed (the entry is kept unless closed).
  package func append(_ element: Element, bytes: Int, at now: ContinuousClock.Instant) -> Bool {
    let (ready, hasRoom) = state.withLock { state -> (ready: (() -> Void)?, hasRoom: Bool) in
      guard !state.isClosed else { return (nil, false) }
      state.entries.append(Entry(element: element, bytes: bytes, arrival: now))
      state.bytes += bytes
      let ready = isBatchFull(state) ? handOut(&state) : nil
      return (ready, !isFull(state))
    }
    ready?()
    return hasRoom
  }

  /// Hands out an incomplete batch whose oldest entry has waited long enough.
  package func closeAgedBatch(at now: ContinuousClock.Instant) {
    let ready = state.withLock { state -> (() -> Void)? in
      guard state.waiter != nil, state.head < state.entries.count,
        state.entries[state.head].arrival.duration(to: now) >= limits.batchAge
      else { return nil }
      return handOut(&state)
    }
    ready?()
  }

  /// Whether at most half of what may wait is waiting, so that a paused partition may be resumed.
  package var isHalfEmpty: Bool {
    state.withLock { state in
      (state.entries.count - state.head) * 2 <= limits.queueCount
        && (state.bytes + state.bytesInHand) * 2 <= state.queueBytes
    }
  }

  /// Whether the consumer is waiting for a batch, as it is when the partition is idle.
  package var isAwaited: Bool { state.withLock { $0.waiter != nil } }

  /// The next batch, oldest entry first; nil once the queue is closed. Asking for it says that the batch before it is
  /// done with. One task at a time may wait.
  package func nextBatch() async -> [Element]? {
    await withCheckedContinuation { continuation in
      let ready = state.withLock { state -> (() -> Void)? in
        precondition(state.waiter == nil, "a partition queue has one consumer")
        state.waiter = continuation
        state.bytesInHand = 0
        if state.isClosed { return handOut(&state) }
        return isBatchFull(state) ? handOut(&state) : nil
      }
      ready?()
    }
  }

  /// Drops everything that waits; used before a seek, on the poll thread, so that no record from before it remains.
  package func removeAll() {
    state.withLock { state in
      state.entries.removeAll()
      state.head = 0
      state.bytes = 0
    }
  }

  /// Drops everything and ends the consumer's wait with nil. Closing twice is harmless.
  package func close() {
    let ready = state.withLock { state -> (() -> Void)? in
      state.isClosed = true
      state.entries.removeAll()
      state.head = 0
      state.bytes = 0
      return state.waiter == nil ? nil : handOut(&state)
    }
    ready?()
  }

  private func isFull(_ state: State) -> Bool {
    state.entries.count - state.head >= limits.queueCount || state.bytes + state.bytesInHand >= state.queueBytes
  }

  private func isBatchFull(_ state: State) -> Bool {
    state.entries.count - state.head >= limits.batchCount || state.bytes >= state.batchBytes
  }

  /// Takes one batch for the waiter, if there is one; the continuation is resumed outside the lock.
  private func handOut(_ state: inout State) -> (() -> Void)? {
    guard let waiter = state.waiter else { return nil }
    state.waiter = nil
    guard !state.isClosed else { return { waiter.resume(returning: nil) } }
    var batch: [Element] = []
    var bytes = 0
    while state.head < state.entries.count, batch.count < limits.batchCount,
      batch.isEmpty || bytes + state.entries[state.head].bytes <= state.batchBytes
    {
      batch.append(state.entries[state.head].element)
      bytes += state.entries[state.head].bytes
      state.head += 1
    }
    state.bytes -= bytes
    state.bytesInHand = bytes
    if state.head * 2 >= state.entries.count {
      state.entries.removeFirst(state.head)
      state.head = 0
    }
    return { waiter.resume(returning: batch) }
  }
}
