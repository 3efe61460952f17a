import LearningEvents
import Persistence
import PostgresIO

/// Finds or opens the sessions of one batch: each new one in a short transaction of its own, once.
struct SessionOpener {
  enum Answer {
    case open(SessionRow)
    case refused(RejectCode, detail: String)
  }

  private struct Key: Hashable { var source: String, session: String }

  let context: JudgingContext
  let stop: StopFlag
  private var opened: [Key: SessionRow] = [:]

  init(context: JudgingContext, stop: StopFlag) {
    self.context = context
    self.stop = stop
  }

  /// What is known of a frame, with the session that an earlier frame of its batch has opened.
  func update(_ known: FrameResolution, of frame: FrameCandidate) -> FrameResolution {
    guard known.session == nil,
      let row = opened[Key(source: frame.event.source, session: frame.event.sessionID)]
    else { return known }
    return FrameResolution(
      courseID: known.courseID, consent: known.consent, isErased: known.isErased, session: row,
      storedCapture: known.storedCapture)
  }

  /// The session of a frame that may be recognised. Its day is that of the frame that opened it.
  mutating func session(of frame: FrameCandidate, known: FrameResolution) async throws -> Answer {
    if let row = known.session { return .open(row) }
    let key = Key(source: frame.event.source, session: frame.event.sessionID)
    if opened[key] == nil {
      guard let course = known.courseID else { preconditionFailure("a frame of an unknown course was let through") }
      let interval = context.settings.frameIntervalMilliseconds
      let answer = try await context.lease.retrying(until: stop) { repository throws(PostgresError) in
        try await repository.openSession(
          source: frame.event.source, sessionID: frame.event.sessionID, courseID: course, learner: frame.learner,
          capturedAt: frame.event.capturedAt, frameIntervalMilliseconds: interval)
      }
      switch answer {
      case .open(let row): opened[key] = row
      case .refused(let code): return .refused(code, detail: "when its session was opened")
      }
    }
    guard let row = opened[key] else { preconditionFailure("the session was just opened") }
    guard row.learner == frame.learner else {
      return .refused(.badEvent, detail: "ce_learnerid: not the learner this session belongs to")
    }
    guard row.courseID == known.courseID else {
      return .refused(.badEvent, detail: "ce_courseid: not the course this session belongs to")
    }
    return .open(row)
  }
}
