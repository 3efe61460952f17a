import LearningEvents
import Persistence

/// Finds or opens the sessions of one batch: each new one in a short transaction of its own, once.
struct SessionOpener {
  private struct Key: Hashable { var source: SourceID, session: SessionID }

  private let frameIntervalMilliseconds: Int32
  private let lease: DatabaseLease
  private let stop: StopFlag
  private var opened: [Key: SessionRow] = [:]

  init(frameIntervalMilliseconds: Int32, lease: DatabaseLease, stop: StopFlag) {
    (self.frameIntervalMilliseconds, self.lease, self.stop) = (frameIntervalMilliseconds, lease, stop)
  }

  /// What is known of a frame, with the session that an earlier frame of its batch has opened.
  func update(_ known: FrameResolution, of frame: FrameCandidate) -> FrameResolution {
    var known = known
    known.session = known.session ?? opened[Key(source: frame.event.source, session: frame.event.sessionID)]
    return known
  }

  /// Opens the session of a frame that may be recognised, unless it is open. Its day is that of the frame that opened
  /// it.
  ///
  /// - Returns: the frame with its session, or the reject it turned out to be.
  mutating func open(for frame: FrameCandidate, known: FrameResolution) async throws -> FrameInWork.State {
    if let row = known.session { return .toRecognise(row) }
    guard let course = known.courseID else { preconditionFailure("a frame of an unknown course was let through") }
    let interval = frameIntervalMilliseconds
    let opening = try await lease.retrying(until: stop) {
      try await $0.openSession(
        source: frame.event.source, sessionID: frame.event.sessionID, courseID: course, learner: frame.learner,
        capturedAt: frame.event.capturedAt, frameIntervalMilliseconds: interval)
    }
    switch opening {
    case .refused(let code): return .judged(.reject(code, detail: "when its session was opened"))
    case .open(let row):
      opened[Key(source: frame.event.source, session: frame.event.sessionID)] = row
      if let detail = FrameJudge.contradiction(of: frame, in: course, to: row) {
        return .judged(.reject(.badEvent, detail: detail))
      }
      return .toRecognise(row)
    }
  }
}
