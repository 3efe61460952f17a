package import LearningEvents
package import Persistence

/// Ingest as seen from outside, at work: takes observations of PostgreSQL, Kafka and the workers as they come, and
/// reports the state and the rates. Pure: each observation carries its time.
package struct IngestWatch: Sendable {
  /// Rates are means over this long, as far as observations reach back.
  package static let window = Duration.seconds(10)

  /// A backlog's change is taken over this long: in ten seconds a producer's bursts would be all of it.
  package static let backlogWindow = Duration.seconds(60)

  /// Who may fail to answer.
  package enum Server: Sendable, Hashable { case postgres, kafka, workers }

  private struct Problem {
    let text: String
    /// Whether the server answered, and refuses what was asked.
    let isRefusal: Bool
  }

  private struct Progress {
    let at: EventTime
    /// Records taken, by ledger: offsets that held one and were not lost.
    let taken: [Int32: Int64]
  }

  private var ledgers: LedgerObservation?
  private var log: LogObservation?
  private var workers: WorkerObservation?
  private var history: [Progress] = []
  private var batchHistory: [WorkerObservation] = []
  /// What waited, as it was seen within `backlogWindow`.
  private var backlog: [(at: EventTime, records: Int64)] = []
  /// When a partition was last seen read to its end: nothing that waits now is older than that.
  private var caughtUp: [Int32: EventTime] = [:]
  /// Rejects of the first observation of `countedCluster`, or of all clusters where that is nil.
  private var firstRejects: [RejectCode: Int64]?
  private var countedCluster: ClusterID?
  private var problems: [Server: Problem] = [:]
  /// A server that was not heard of for longer is taken not to answer, though nothing failed yet.
  private let patience: Duration
  private let configuredCluster: ClusterID?

  /// - Parameter clusterID: the name the ledgers keep the cluster under; nil waits for what Kafka says.
  package init(patience: Duration = .seconds(5), clusterID: ClusterID? = nil) {
    (self.patience, configuredCluster) = (patience, clusterID)
  }

  /// - Parameter clusterID: whose ledgers were observed; nil for all. When it changes, what came since begins anew.
  package mutating func take(_ observation: LedgerObservation, of clusterID: ClusterID? = nil) {
    problems[.postgres] = nil
    ledgers = observation
    if firstRejects == nil || clusterID != countedCluster {
      (firstRejects, countedCluster) = (observation.rejects, clusterID)
    }
    var taken: [Int32: Int64] = [:]
    for row in observation.ledgers {
      taken[row.ledgerID] = row.counters.accounted - row.counters.skipped - row.counters.lost
    }
    history.append(Progress(at: observation.at, taken: taken))
    history.removeAll { $0.at.advanced(by: Self.window) < observation.at || $0.at > observation.at }
  }

  package mutating func take(_ observation: LogObservation) {
    problems[.kafka] = nil
    log = observation
    for row in ledgers?.ledgers ?? [] {
      if let ends = observation.ends[row.ledgerID], ends.high <= row.nextOffset {
        caughtUp[row.ledgerID] = observation.at
      }
    }
    let waiting = (ledgers?.ledgers ?? []).compactMap { lag(of: $0) } + observation.unclaimed.values.map(\.count)
    backlog.append((observation.at, waiting.reduce(0, +)))
    backlog.removeAll { $0.at.advanced(by: Self.backlogWindow) < observation.at || $0.at > observation.at }
  }

  package mutating func take(_ observation: WorkerObservation) {
    problems[.workers] = nil
    workers = observation
    batchHistory.append(observation)
    batchHistory.removeAll { $0.at.advanced(by: Self.window) < observation.at || $0.at > observation.at }
  }

  /// An observation that failed: what was seen last stays, and the report says how old it is.
  ///
  /// - Parameter isRefusal: whether the server answered and refuses what was asked, such as for want of a role.
  package mutating func miss(_ server: Server, problem: String, isRefusal: Bool = false) {
    problems[server] = Problem(text: problem, isRefusal: isRefusal)
  }

  /// The ledgers as last seen, to observe their logs by.
  package var lastLedgers: [LedgerRow]? { ledgers?.ledgers }
  /// Whose ledgers to observe; nil, which is all, until it is known.
  package var cluster: ClusterID? { configuredCluster ?? log?.clusterID }
  /// Whether PostgreSQL, and Kafka if it is observed, have answered or failed to.
  package func hasHeard(of server: Server) -> Bool {
    if problems[server] != nil { return true }
    return switch server {
    case .postgres: ledgers != nil
    case .kafka: log != nil
    case .workers: workers != nil
    }
  }

  package func report(at now: EventTime) -> WatchReport {
    var partitions = (ledgers?.ledgers ?? []).map { partition($0, now) }
    for (place, ends) in log?.unclaimed ?? [:] {
      partitions.append(WatchReport.Partition(unclaimed: place, ends: ends))
    }
    partitions.sort(by: WatchReport.Partition.isWatchedBefore)
    return WatchReport(
      time: now.rfc3339, cluster: cluster,
      postgres: status(.postgres, since: ledgers?.at, now), kafka: status(.kafka, since: log?.at, now),
      // Those that answered did so just now; the problem names the others.
      workers: status(.workers, since: problems[.workers] == nil ? workers?.at : nil, now),
      recordsPerSecond: rate(of: nil, at: now), batch: batch(),
      rejectsTotal: ledgers.map { $0.ledgers.reduce(0) { $0 + $1.counters.rejects } }, rejects: rejects(),
      partitions: partitions, backlogPerSecond: backlogPerSecond(at: now))
  }

  /// By how much what waits grows each second; nil until it was seen for ten seconds, or if it was not seen lately.
  private func backlogPerSecond(at now: EventTime) -> Double? {
    guard problems[.kafka] == nil, problems[.postgres] == nil, let first = backlog.first, let last = backlog.last,
      first.at.advanced(by: Self.window) <= last.at, now <= last.at.advanced(by: patience)
    else { return nil }
    return Double(last.records - first.records) / seconds(from: first.at, to: last.at)
  }

  private func lag(of row: LedgerRow) -> Int64? { log?.ends[row.ledgerID].map { max(0, $0.high - row.nextOffset) } }

  private func partition(_ row: LedgerRow, _ now: EventTime) -> WatchReport.Partition {
    let ends = log?.ends[row.ledgerID]
    let lag = lag(of: row)
    return WatchReport.Partition(
      row, ends: ends, lag: lag, lagSeconds: lag.flatMap { behind(row, lag: $0, now) },
      recordsPerSecond: rate(of: row.ledgerID, at: now), sinceMovedSeconds: seconds(from: row.updatedAt, to: now),
      parked: log?.parked[row.ledgerID])
  }

  /// How long the oldest record that waits has waited, at most: it was written after the last one stored, and after the
  /// partition was last seen read to its end.
  private func behind(_ row: LedgerRow, lag: Int64, _ now: EventTime) -> Double? {
    guard lag > 0 else { return 0 }
    // Overflow is the producer's joke: its record is then as old as can be.
    let stored = row.last?.timestampMilliseconds.map { milliseconds in
      let (microseconds, overflow) = milliseconds.multipliedReportingOverflow(by: 1000)
      return seconds(from: overflow ? .earliest : EventTime(microseconds: microseconds), to: now)
    }
    let seen = caughtUp[row.ledgerID].map { seconds(from: $0, to: now) }
    let waiting = log?.waitingSince[row.ledgerID].map { seconds(from: $0, to: now) }
    return [stored, seen, waiting].compactMap(\.self).min()
  }

  /// Records a second over the window, of one ledger or all; nil until there are two observations, or if the last one
  /// is old.
  private func rate(of ledger: Int32?, at now: EventTime) -> Double? {
    guard problems[.postgres] == nil, let first = history.first, let last = history.last, first.at < last.at,
      now <= last.at.advanced(by: patience)
    else { return nil }
    var moved: Int64 = 0
    for (id, taken) in last.taken where ledger == nil || ledger == id {
      // A ledger that is new in the window began at nothing; one that went back tells no rate.
      let before = first.taken[id] ?? 0
      moved += max(0, taken - before)
    }
    return Double(moved) / seconds(from: first.at, to: last.at)
  }

  private func batch() -> WatchReport.Batch? {
    guard let first = batchHistory.first, let last = batchHistory.last else { return nil }
    var (count, seconds) = (Int64(0), 0.0)
    for (address, after) in last.batches {
      // A worker that began again counts from nothing.
      let before = first.batches[address] ?? after
      guard after.count > before.count else { continue }
      count += after.count - before.count
      seconds += after.seconds - before.seconds
    }
    return WatchReport.Batch(
      workers: last.batches.count, count: count, meanSeconds: count > 0 ? seconds / Double(count) : nil)
  }

  private func rejects() -> [WatchReport.Reject] {
    (ledgers?.rejects ?? [:]).map { code, count in
      WatchReport.Reject(
        code: code.rawValue, count: ledgers?.rejectsAreWhole == true ? count : nil,
        new: max(0, count - (firstRejects?[code] ?? 0)))
    }.sorted { ($1.count ?? $1.new, $0.code) < ($0.count ?? $0.new, $1.code) }
  }

  private func status(_ server: Server, since seen: EventTime?, _ now: EventTime) -> WatchReport.Status? {
    if let problem = problems[server] {
      return WatchReport.Status(
        ok: false, problem: problem.text, isRefusal: problem.isRefusal,
        ageSeconds: seen.map { seconds(from: $0, to: now) })
    }
    return seen.map { seen in
      let isLate = seen.advanced(by: patience) < now
      return WatchReport.Status(
        ok: !isLate, problem: isLate ? "no answer yet" : nil, ageSeconds: seconds(from: seen, to: now))
    }
  }

  private func seconds(from start: EventTime, to end: EventTime) -> Double {
    max(0, Double(end.microseconds - start.microseconds) / 1e6)
  }
}
