import KafkaIO
import LearningEvents
import Persistence
import Services
import Telemetry

/// Reads rejected records again, on a thread of its own.
actor RecordReader {
  nonisolated let executor = ThreadExecutor(name: "kafka-records")
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  private let reader: KafkaReader
  private static let deadline = Duration.seconds(10)

  /// Rejects that lie closer together are read in one go, with what is between them.
  private static let stride: Int64 = 100

  init(settings: KafkaSettings, logger: Logger) throws(KafkaError) {
    reader = try KafkaReader(settings: settings, readsAhead: true, logger: logger)
  }

  /// The records of the first of these rejects, whose offsets ascend: as many as lie close together and `bytes` allow,
  /// but at least one. Left out are those the log holds no more, or another record in their place.
  func records(
    of rejects: ArraySlice<RejectToJudge>, in partition: TopicPartition, bytes: Int
  ) throws(KafkaError) -> (found: [(reject: RejectToJudge, record: KafkaRecord)], taken: Int) {
    guard let first = rejects.first else { return ([], 0) }
    var end = rejects.startIndex + 1
    var last = first.offset
    while end < rejects.endIndex, rejects[end].offset - last <= Self.stride {
      last = rejects[end].offset
      end += 1
    }
    let run = rejects[..<end]
    let byOffset = Dictionary(run.map { ($0.offset, $0) }, uniquingKeysWith: { first, _ in first })
    var found: [(reject: RejectToJudge, record: KafkaRecord)] = []
    var heldBytes = 0
    let taken = try reader.records(at: partition, offsets: run.map(\.offset), timeout: Self.deadline) { record in
      guard let reject = byOffset[record.offset] else { return true }
      // A reject that was found while storing has no time to compare.
      if let time = reject.recordTimestamp, record.timestamp != time { return true }
      found.append((reject, record))
      heldBytes += record.byteCount
      return heldBytes < bytes
    }
    return (found, taken)
  }
}
