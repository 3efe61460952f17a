import Recognition
import Synchronization
import Testing

@Suite struct ResourcePoolTests {
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

  @Test func eachIsLentToOneAtATimeAndTheQueueStaysAsSmallAsWhatWaits() async {
    let pool = ResourcePool([0, 1])
    let log = Log()
    let (users, turns) = (16, 400)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<users {
        group.addTask {
          // With eight users a resource there is always somebody who waits.
          for _ in 0..<turns {
            await pool.withResource { resource in
              let isAlone = log.begin(resource, places: pool.queuePlaces)
              #expect(isAlone)
              await Task.yield()
              log.end(resource)
            }
          }
        }
      }
    }
    let places = log.most.withLock { $0 }
    #expect(places > 2 && places <= 2 * users, "\(places)")
    #expect(pool.queuePlaces == 0)
  }

  @Test func whoWaitsLongestIsNext() async {
    let pool = ResourcePool([0])
    let log = Log()
    await withTaskGroup(of: Void.self) { group in
      await pool.withResource { _ in
        for number in 0..<9 {
          group.addTask { await pool.withResource { _ in log.order.withLock { $0.append(number) } } }
          // In the queue before the next one comes.
          while pool.queuePlaces <= number { await Task.yield() }
        }
      }
    }
    let order = log.order.withLock { $0 }
    #expect(order == Array(0..<9))
  }
}
