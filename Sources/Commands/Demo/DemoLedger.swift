import LearningEvents
import Persistence
import PostgresIO

/// Reads how many of the demo's frames were stored, rejected or counted as duplicates.
struct DemoLedger: Sendable {
  let connection: PostgresConnection
  let topic: TopicName
  let clusterID: ClusterID
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
  func catchUp(with ends: [Int32: Int64]) async throws {
    try await watch {
      try await nextOffsets()
    } until: { progress in
      ends.allSatisfy { $1 == 0 || progress[$0, default: 0] >= $1 }
    } stalled: { _ in
      .backlogStalled
    }
  }

  /// Waits until every published frame is accounted for; returns the counters of this run alone.
  func waitUntilAccounted(
    after before: LedgerCounters, published: Int, progress: (Int) -> Void
  ) async throws -> LedgerCounters {
    try await watch {
      try await accounted(since: before)
    } until: { done in
      progress(done)
      return done >= published
    } stalled: { done in
      .stalled(stored: done, published: published)
    }
    return try await totals().since(before)
  }

  /// Looks at something that moves until it has come far enough; throws once it has not moved for minutes.
  private func watch<Progress: Equatable>(
    _ look: () async throws -> Progress, until isEnough: (Progress) -> Bool, stalled: (Progress) -> DemoError
  ) async throws {
    var last: Progress?
    var moved = uptime()
    while true {
      let progress = try await look()
      if isEnough(progress) { return }
      if progress != last { (last, moved) = (progress, uptime()) }
      guard uptime() - moved < .seconds(180) else { throw stalled(progress) }
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
