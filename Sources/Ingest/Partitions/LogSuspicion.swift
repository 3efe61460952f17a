package import Persistence

/// What is compared with a partition's log before a batch is stored, since the log may have become another one.
package enum LogComparison: Sendable, Equatable {
  /// The record stored last, and all of the batch.
  case batch
  /// A record that was stored a while ago.
  case anchor(RecordMark)
}

/// Whether a partition's log may have become another one since its last batch, so that this batch is to be compared
/// with the log before it is stored.
///
/// A log loses its tail only with its leader, and whoever fetches from that leader loses the connection. What was
/// fetched before may lie in librdkafka's queue for long beside what was fetched after: so suspicion stays for a while,
/// and until the log's end was seen. A topic that is made again tells a consumer nothing, but it hands out no record
/// meanwhile: so a batch is suspicious too that was waited for. Where a worker is so far behind that it never waits,
/// one record that was stored a second ago is enough: no record of a topic that is made again is as it was.
package struct LogSuspicion: Sendable {
  /// What a leader's end takes to be over: sessions time out, the LMS sends what it queued.
  static let least = Duration.seconds(30)
  /// No topic is deleted, made again and filled in less.
  static let silence = Duration.milliseconds(100)
  /// A partition that never comes to its end is compared for so long.
  static let most = Duration.seconds(600)

  /// Between two looks at a record that was stored a while ago.
  static let interval = Duration.seconds(1)

  private var disturbances: Int
  private var beganAt: ContinuousClock.Instant?
  private var isAfterSilence = false
  private var anchor: RecordMark?
  private var comparedAt: ContinuousClock.Instant

  /// - Parameters:
  ///   - disturbances: those that were counted before the partition began to flow.
  ///   - last: the record stored last, which the log was found to hold.
  package init(disturbances: Int, last: RecordMark?, at now: ContinuousClock.Instant) {
    self.disturbances = disturbances
    (anchor, comparedAt) = (last, now)
  }

  /// What to compare before the next batch is stored; nil if nothing.
  ///
  /// - Parameters:
  ///   - count: of all disturbances so far.
  ///   - last: the record stored last.
  package mutating func comparison(
    after count: Int, last: RecordMark?, at now: ContinuousClock.Instant
  ) -> LogComparison? {
    if count != disturbances {
      disturbances = count
      beganAt = now
    }
    if let beganAt {
      if beganAt.duration(to: now) >= Self.most { self.beganAt = nil }
      return .batch
    }
    if isAfterSilence { return .batch }
    guard let anchor else {
      (self.anchor, comparedAt) = (last, now)
      return nil
    }
    return comparedAt.duration(to: now) >= Self.interval ? .anchor(anchor) : nil
  }

  /// The log was found to be the same.
  ///
  /// - Parameter last: the record stored last, which is compared when its time has come.
  package mutating func noteComparison(after last: RecordMark?, at now: ContinuousClock.Instant) {
    (anchor, comparedAt) = (last, now)
  }

  /// A batch was waited for.
  ///
  /// - Parameter age: for how long a batch may gather from its first record on, which is no silence.
  package mutating func note(waited: Duration, ofWhichAgeing age: Duration) {
    isAfterSilence = waited - age >= Self.silence
  }

  /// The log's end was seen.
  package mutating func end(at now: ContinuousClock.Instant) {
    if let beganAt, beganAt.duration(to: now) >= Self.least { self.beganAt = nil }
  }
}
