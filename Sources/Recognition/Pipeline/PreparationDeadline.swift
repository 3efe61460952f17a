import Glibc

/// When the preparation of one frame has taken too much processor time: what a stream's own thread does of it, from
/// decoding to HOG and SIFT. Made and asked on that thread, which works for one frame at a time.
///
/// Processor time, because a machine with much else to do makes no good picture a bad one. It is asked between steps,
/// and none is interrupted: a library that is left in the middle keeps what it holds. So every step must be bounded by
/// itself, as it is by ``ImageLimits``, the looks' sizes and the crops'; this is for what that leaves out.
struct PreparationDeadline: Sendable {
  private let limit: Duration
  private let end: Duration

  /// Begins now.
  init(_ limit: Duration) {
    self.limit = limit
    end = Self.processorTime + limit
  }

  /// - Throws: `RecognitionError.tooCostly` beyond the deadline.
  func check() throws(RecognitionError) {
    guard Self.processorTime > end else { return }
    throw RecognitionError(.tooCostly, "preparing the picture took more than \(limit) of processor time")
  }

  /// That the calling thread has taken so far.
  private static var processorTime: Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}
