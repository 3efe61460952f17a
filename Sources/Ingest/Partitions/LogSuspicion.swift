/// Whether a partition's log may have become another one since its last batch, so that this batch is to be compared
/// with the log before it is stored.
///
/// A log loses its tail only with its leader, and whoever fetches from that leader loses the connection. What was
/// fetched before may lie in librdkafka's queue for long beside what was fetched after: so suspicion stays for a while,
/// and until the log's end was seen. A topic that is made again tells a consumer nothing, but it hands out no record
/// meanwhile: so a batch is suspicious too that was waited for.
package struct LogSuspicion: Sendable {
  /// What a leader's end takes to be over: sessions time out, the LMS sends what it queued.
  static let least = Duration.seconds(30)
  /// No topic is deleted, made again and filled in less.
  static let silence = Duration.milliseconds(100)
  /// A partition that never comes to its end is compared for so long.
  static let most = Duration.seconds(600)

  private var disturbances: Int
  private var beganAt: ContinuousClock.Instant?
  private var isAfterSilence = false

  /// - Parameter disturbances: those that were counted before the partition began to flow.
  package init(disturbances: Int) { self.disturbances = disturbances }

  /// - Parameter count: of all disturbances so far.
  package mutating func isRaised(by count: Int, at now: ContinuousClock.Instant) -> Bool {
    if count != disturbances {
      disturbances = count
      beganAt = now
    }
    guard let beganAt else { return isAfterSilence }
    if beganAt.duration(to: now) >= Self.most { self.beganAt = nil }
    return true
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
