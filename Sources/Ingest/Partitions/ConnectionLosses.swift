import Services

/// Counts how often in a row a partition lost its database connection, or ran into the statement's deadline, without
/// storing anything in between.
///
/// One loss is a server that was started again and costs no time. More may be a batch that the server does not survive:
/// it is sent again later each time, and from the third loss on in pieces.
struct ConnectionLosses {
  private var count = 0
  private var backoff = Backoff()

  /// Something was stored.
  mutating func end() {
    guard count > 0 else { return }
    count = 0
    backoff.reset()
  }

  /// Counts another loss; returns how long to wait before the next attempt, if at all.
  mutating func another() -> Duration? {
    count += 1
    return count > 1 ? backoff.delay() : nil
  }

  var isTooMuchAtOnce: Bool { count >= 3 }
}
