/// Runs work on items, `atOnce` of them at a time, and hands the results over one by one in the items' order; at most
/// twice as many wait for their turn. The first failure ends it.
///
/// Not inlined: Swift 6.3.1 crashes on splitting the coroutine of a command that it was inlined into.
@inline(never)
func inOrder<Item: Sendable, Value: Sendable>(
  _ items: [Item], atOnce: Int, _ work: @escaping @Sendable (Int, Item) async throws -> Value,
  receive: (Int, Value) async throws -> Void
) async throws {
  try await withThrowingTaskGroup(of: (Int, Value).self) { group in
    var (started, delivered) = (0, 0)
    var waiting: [Int: Value] = [:]
    func startMore() {
      while started < items.count, started - delivered - waiting.count < atOnce, started - delivered < 3 * atOnce {
        let (index, item) = (started, items[started])
        group.addTask { (index, try await work(index, item)) }
        started += 1
      }
    }
    startMore()
    while let (index, value) = try await group.next() {
      waiting[index] = value
      while let next = waiting.removeValue(forKey: delivered) {
        try await receive(delivered, next)
        delivered += 1
      }
      startMore()
    }
  }
}
