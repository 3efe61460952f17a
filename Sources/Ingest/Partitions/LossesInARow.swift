/// How often in a row a partition lost its connection to the database, or was not answered in time, without storing anything in
/// between.
///
/// One loss is a server that was started again and costs no time. More may be a batch that the server does not survive: it
/// is sent again later each time, and from the third loss on in pieces.
struct LossesInARow {
  private var count = 0
  private var backoff = Backoff()
  private var generator = SystemRandomNumberGenerator()

  /// Something was stored.
  mutating func end() { if count > 0 { self = LossesInARow() } }

  /// Counts another loss; returns how long to wait before the next attempt, if at all.
  mutating func another() -> Duration? {
    count += 1
    return count > 1 ? backoff.delay(using: &generator) : nil
  }

  var isTooMuchAtOnce: Bool { count >= 3 }
}
