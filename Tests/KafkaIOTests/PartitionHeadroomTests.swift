import KafkaIO
import Synchronization
import Testing

@Suite struct PartitionHeadroomTests {
  /// What a reader has read, as the test says.
  private final class Reader: Sendable {
    private let state = Mutex<(offsets: [Int32: Int64], asked: Int)>(([:], 0))
    var asked: Int { state.withLock(\.asked) }
    func read(_ partition: Int32, to offset: Int64) { state.withLock { $0.offsets[partition] = offset } }
    func offsets() -> [Int32: Int64] {
      state.withLock {
        $0.asked += 1
        return $0.offsets
      }
    }
  }

  private func headroom(_ reader: Reader, limit: Int = 100) -> PartitionHeadroom {
    PartitionHeadroom(limitBytes: limit, partitionCount: 2) { reader.offsets() }
  }

  @Test func partitionsFillApartAndNobodyIsAskedBefore() async throws {
    let reader = Reader()
    let headroom = headroom(reader)
    for partition: Int32 in 0..<2 {
      try await headroom.take(60, of: partition)
      try await headroom.take(40, of: partition)
      #expect(headroom.bytesAhead(of: partition) == 100)
    }
    #expect(reader.asked == 0)
  }

  @Test func aFullPartitionWaitsForItsReader() async throws {
    let reader = Reader()
    let headroom = headroom(reader)
    for offset: Int64 in 0..<4 {
      try await headroom.take(25, of: 0)
      headroom.delivered(25, of: 0, at: offset)
    }
    async let taken: Void = headroom.take(30, of: 0, pollInterval: .milliseconds(1))
    while reader.asked < 3 { await Task.yield() }
    // One record is not enough.
    reader.read(0, to: 1)
    let before = reader.asked
    while reader.asked < before + 3 { await Task.yield() }
    #expect(headroom.bytesAhead(of: 0) == 75)
    reader.read(0, to: 2)
    try await taken
    #expect(headroom.bytesAhead(of: 0) == 80)
  }

  @Test func whatIsLargerThanTheLimitFitsAnEmptyPartition() async throws {
    let reader = Reader()
    let headroom = headroom(reader)
    try await headroom.take(1000, of: 0)
    headroom.failed(1000, of: 0)
    #expect(headroom.bytesAhead(of: 0) == 0)
    try await headroom.take(1, of: 0)
    await #expect(throws: PartitionHeadroom.Stalled.self) {
      try await headroom.take(1000, of: 0, pollInterval: .milliseconds(1), patience: .milliseconds(20))
    }
  }

  @Test func waitingEndsWithCancellation() async throws {
    let reader = Reader()
    let headroom = headroom(reader)
    try await headroom.take(100, of: 0)
    let waiting = Task { try await headroom.take(1, of: 0, pollInterval: .milliseconds(1)) }
    while reader.asked < 2 { await Task.yield() }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
  }

  /// Of org.apache.kafka.common.utils.Utils.murmur2, masked to positive, as Kafka's own UtilsTest has them.
  @Test(
    arguments: [
      ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
      ("a-little-bit-longer-string", -1_486_304_829), ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
    ] as [(String, Int32)])
  func partitionsAreThoseOfTheJavaClient(key: String, hash: Int32) {
    #expect(KafkaProducer.partition(forKey: Array(key.utf8), of: 32) == (hash & 0x7FFF_FFFF) % 32)
  }
}
