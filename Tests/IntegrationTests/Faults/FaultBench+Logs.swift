import KafkaIO
import LearningEvents
import TestSupport

extension FaultBench {
  /// Where the partitions of frames end, once the brokers that came back agree about it.
  func settledEnds() async throws -> [Int32: Int64] {
    let limit = ContinuousClock.now + .seconds(120)
    var (before, same): ([Int32: Int64], Int) = ([:], 0)
    let (admin, topic, partitions) = (self.admin, ingest.frameTopic, Int32(options.partitions))
    while same < 4 {
      let found = try? await BlockingThread().run {
        try Dictionary(
          uniqueKeysWithValues: (0..<partitions).map {
            ($0, try admin.watermarks(of: TopicPartition(topic: topic, partition: $0), timeout: .seconds(5)).high)
          })
      }
      same = found == before ? same + 1 : 0
      before = found ?? [:]
      guard ContinuousClock.now < limit else { throw FaultBenchError.tooSlow("the log's ends") }
      try await Task.sleep(for: .milliseconds(500))
    }
    return before
  }
}
