import LearningEvents
import Persistence
import PostgresIO

/// Reads how many of the demo's frames were stored, rejected or counted as duplicates.
struct DemoLedger: Sendable {
  let connection: PostgresConnection
  let topic: TopicName
  let clusterID: ClusterID
  /// A clock that never goes back.
  let uptime: @Sendable () -> Duration

  func totals() async throws -> LedgerCounters {
    try await LedgerRepository(connection: connection).totals(topic: topic, clusterID: clusterID)
  }

  func rejects() async throws -> [RejectCode: Int64] {
    try await LedgerRepository(connection: connection).rejectCounts(topic: topic, clusterID: clusterID)
  }

  /// The next offset of each partition that has a ledger.
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
    var moved = uptime()
    while true {
      let progress = try await nextOffsets()
      if ends.allSatisfy({ $1 == 0 || progress[$0, default: 0] >= $1 }) { return }
      if progress != last { (last, moved) = (progress, uptime()) }
      guard uptime() - moved < patience else { throw DemoError.backlogStalled }
      try await Task.sleep(for: .milliseconds(250))
    }
  }

  /// Waits until every published frame is accounted for; returns the counters of this run alone.
  func waitUntilAccounted(
    after before: LedgerCounters, published: Int, patience: Duration, progress: (Int) -> Void
  ) async throws -> LedgerCounters {
    var last = -1
    var moved = uptime()
    while true {
      let done = try await accounted(since: before)
      progress(done)
      if done >= published { return try await totals().since(before) }
      if done != last { (last, moved) = (done, uptime()) }
      guard uptime() - moved < patience else {
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
