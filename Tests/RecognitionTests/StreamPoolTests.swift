import Recognition
import Synchronization
import Testing

@Suite struct StreamPoolTests {
  /// What the users of a pool saw.
  private final class Log: Sendable {
    let lent = Mutex<Set<Int>>([])
    let most = Mutex(0)
    let order = Mutex<[Int]>([])

    func begin(_ resource: Int, places: Int) -> Bool {
      most.withLock { $0 = max($0, places) }
      return lent.withLock { $0.insert(resource).inserted }
    }

    func end(_ resource: Int) { lent.withLock { _ = $0.remove(resource) } }
  }

  @Test func eachIsLentToOneAtATimeAndTheQueueStaysAsSmallAsWhatWaits() async throws {
    let pool = StreamPool([0, 1])
    let log = Log()
    let (users, turns) = (16, 400)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<users {
        group.addTask {
          // With eight users a resource there is always somebody who waits.
          for _ in 0..<turns {
            try await pool.run { resource in
              let isAlone = log.begin(resource, places: pool.queuePlaces)
              #expect(isAlone)
              await Task.yield()
              log.end(resource)
            }
          }
        }
      }
      try await group.waitForAll()
    }
    let places = log.most.withLock { $0 }
    #expect(places > 2 && places <= 2 * users, "\(places)")
    #expect(pool.queuePlaces == 0)
  }

  @Test func whoWaitsLongestIsNext() async throws {
    let pool = StreamPool([0])
    let log = Log()
    try await withThrowingTaskGroup(of: Void.self) { group in
      try await pool.run { _ in
        for number in 0..<9 {
          group.addTask { try await pool.run { _ in log.order.withLock { $0.append(number) } } }
          // In the queue before the next one comes.
          while pool.queuePlaces <= number { await Task.yield() }
        }
      }
      try await group.waitForAll()
    }
    let order = log.order.withLock { $0 }
    #expect(order == Array(0..<9))
  }

  @Test func valuesComeInTheItemsOrderWhicheverIsDoneFirst() async throws {
    let pool = StreamPool([0, 1, 2])
    // The first item ends when the last has begun: a slow item holds nobody up.
    let gate = Gate(count: 2)
    let values = try await pool.map(Array(0..<20)) { _, item in
      if item == 0 || item == 19 { await gate.arrive(item) }
      return item * item
    }
    #expect(values == (0..<20).map { $0 * $0 })
    #expect(try await pool.map([Int]()) { _, item in item }.isEmpty)
  }

  @Test func valuesAreHandedOverAsTheyComeAndFewWait() async throws {
    let pool = StreamPool([0, 1])
    let begun = Mutex(0)
    var received: [Int] = []
    try await pool.inOrder(Array(0..<40), ahead: 5) { _, index, item in
      begun.withLock { $0 += 1 }
      #expect(index == item)
      if item % 7 == 0 { for _ in 0..<50 { await Task.yield() } }
      return -item
    } receive: { index, value in
      #expect(value == -index && begun.withLock { $0 } <= received.count + 5)
      received.append(index)
    }
    #expect(received == Array(0..<40))
  }

  @Test func theFirstFailureEndsTheRestAndThePoolIsGoodForMore() async throws {
    let pool = StreamPool([0, 1])
    let begun = Mutex(0)
    await #expect(throws: StubFailure.self) {
      try await pool.map(Array(0..<1000)) { _, item in
        begun.withLock { $0 += 1 }
        if item == 3 { throw StubFailure() }
        try await Task.sleep(for: .milliseconds(1))
      }
    }
    #expect(begun.withLock { $0 } < 1000)
    #expect(try await pool.map([1, 2, 3]) { _, item in item } == [1, 2, 3])
    #expect(pool.queuePlaces == 0)
  }

  @Test func whoIsCancelledWhileWaitingNeverRuns() async throws {
    let pool = StreamPool([0])
    let task = try await pool.run { _ in
      let task = Task { try await pool.run { _ in Issue.record("ran after it was cancelled") } }
      while pool.queuePlaces == 0 { await Task.yield() }
      task.cancel()
      return task
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}
