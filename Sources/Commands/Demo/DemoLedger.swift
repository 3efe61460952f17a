import LearningEvents
import Persistence
import PostgresIO

/// Reads what became of the demo's frames.
struct DemoLedger: Sendable {
  let connection: PostgresConnection
  let topic: TopicName
  let clusterID: ClusterID

  func totals() async throws -> LedgerCounters {
    try await LedgerRepository(connection: connection).totals(topic: topic, clusterID: clusterID)
  }

  func rejects() async throws -> [RejectCode: Int64] {
    try await LedgerRepository(connection: connection).rejectCounts(topic: topic, clusterID: clusterID)
  }

  /// Where reading goes on, for each partition that has been read at all.
  func nextOffsets() async throws -> [Int32: Int64] {
    try await IngestRepository(connection: connection).progress(clusterID: clusterID, topic: topic)
  }

  /// How many frames became a sample, a reject or a duplicate since an earlier reading.
  func accounted(since before: LedgerCounters) async throws -> Int {
    let now = try await totals()
    return Int(now.accounted - now.skipped - before.accounted + before.skipped)
  }

  func close() async { await connection.close() }

  /// Waits until each partition of the topic is read up to an offset.
  func catchUp(with ends: [Int32: Int64], patience: Duration) async throws {
    var last: [Int32: Int64] = [:]
    var moved = ContinuousClock.now
    while true {
      let progress = try await nextOffsets()
      if ends.allSatisfy({ $1 == 0 || progress[$0, default: 0] >= $1 }) { return }
      if progress != last { (last, moved) = (progress, .now) }
      guard moved.duration(to: .now) < patience else { throw DemoError.backlogStalled }
      try await Task.sleep(for: .milliseconds(250))
    }
  }

  /// Waits until every published frame is accounted for; returns what this run added.
  func waitUntilSettled(
    after before: LedgerCounters, published: Int, patience: Duration, progress: (Int) -> Void
  ) async throws -> LedgerCounters {
    var last = -1
    var moved = ContinuousClock.now
    while true {
      let done = try await accounted(since: before)
      progress(done)
      if done >= published { return try await totals().since(before) }
      if done != last { (last, moved) = (done, .now) }
      guard moved.duration(to: .now) < patience else {
        throw DemoError.stalled(stored: done, published: published)
      }
      try await Task.sleep(for: .milliseconds(250))
    }
  }
}

extension LedgerCounters {
  /// What was counted since an earlier reading.
  fileprivate func since(_ before: LedgerCounters) -> LedgerCounters {
    var difference = self
    difference.samples -= before.samples
    difference.rejects -= before.rejects
    difference.duplicates -= before.duplicates
    return difference
  }
}
