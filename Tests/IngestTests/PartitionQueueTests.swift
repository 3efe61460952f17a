import Ingest
import Testing

@Suite struct PartitionQueueTests {
  private static let limits = PartitionQueueLimits(
    batchCount: 3, batchBytes: 100, batchAge: .milliseconds(200), queueCount: 6, queueBytes: 1000)
  private let queue = PartitionQueue<Int>(limits: limits)
  private let start = ContinuousClock.now

  @Test func aFullBatchIsHandedOutAtOnceAndInOrder() async {
    for value in 1...4 { _ = queue.append(value, bytes: 1, at: start) }
    #expect(await queue.nextBatch() == [1, 2, 3])
  }

  @Test func anIncompleteBatchWaitsForItsAge() async {
    async let young = queue.nextBatch()
    while !queue.isAwaited { await Task.yield() }
    _ = queue.append(1, bytes: 1, at: start)
    queue.closeAgedBatch(at: start.advanced(by: .milliseconds(199)))
    _ = queue.append(2, bytes: 1, at: start.advanced(by: .milliseconds(199)))
    queue.closeAgedBatch(at: start.advanced(by: .milliseconds(200)))
    #expect(await young == [1, 2])
  }

  @Test func bytesCloseABatchAndALargeEntryGoesAlone() async {
    _ = queue.append(1, bytes: 60, at: start)
    _ = queue.append(2, bytes: 500, at: start)
    #expect(await queue.nextBatch() == [1])
    #expect(await queue.nextBatch() == [2])
  }

  @Test func fullIsToldAndHalfEmptyResumes() async {
    for value in 1...5 { #expect(queue.append(value, bytes: 1, at: start)) }
    #expect(!queue.append(6, bytes: 1, at: start))
    #expect(!queue.isHalfEmpty)
    #expect(await queue.nextBatch() == [1, 2, 3])
    #expect(queue.isHalfEmpty)
  }

  @Test func bytesFillTheQueueToo() {
    #expect(!queue.append(1, bytes: 1000, at: start))
  }

  @Test func closingEndsTheWaitAndRefusesMore() async {
    async let batch = queue.nextBatch()
    queue.close()
    #expect(await batch == nil)
    #expect(!queue.append(1, bytes: 1, at: start))
    #expect(await queue.nextBatch() == nil)
  }

  @Test func removingAllForgetsWhatWaited() async {
    for value in 1...5 { _ = queue.append(value, bytes: 1, at: start) }
    queue.removeAll()
    for value in 11...13 { _ = queue.append(value, bytes: 1, at: start) }
    #expect(await queue.nextBatch() == [11, 12, 13])
  }

  @Test func whatIsInHandCountsUntilTheNextBatchIsAskedFor() async {
    queue.setShare(200)
    for value in 1...2 { #expect(queue.append(value, bytes: 60, at: start)) }
    #expect(await queue.nextBatch() == [1])
    // 60 in hand and 60 waiting, of 200.
    #expect(queue.append(3, bytes: 60, at: start))
    #expect(!queue.append(4, bytes: 60, at: start))
    #expect(!queue.isHalfEmpty)
    #expect(!queue.waitForRoom(upTo: .milliseconds(2)))
    // What was in hand is done with, and the next is: 60 and 120.
    #expect(await queue.nextBatch() == [2])
    #expect(queue.waitForRoom(upTo: .milliseconds(2)))
    #expect(!queue.isHalfEmpty)
  }

  @Test func aShareIsNeverMoreThanTheLimits() async {
    queue.setShare(1 << 30)
    #expect(queue.append(1, bytes: 900, at: start))
    #expect(!queue.append(2, bytes: 100, at: start))
    queue.setShare(100)
    #expect(!queue.isHalfEmpty)
  }
}
