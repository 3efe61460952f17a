import KafkaIO
import LearningEvents
import Persistence
import PostgresIO
import Recognition

/// A frame record between its verdict and its row.
struct FrameInWork: Sendable {
  enum State: Sendable {
    case judged(FrameOutcome)
    /// Its picture may be looked at, and its sample belongs to this session.
    case toRecognise(SessionRow)
  }

  /// What makes two frames one: the session, by its key in the database, and the number in it.
  struct Identity: Hashable, Sendable {
    let session: Int64
    let sequence: Int32
  }

  let record: FrameRecord
  /// Nil while the frame's session is not open: such a frame is like no other.
  let identity: Identity?
  var state: State

  /// - Parameter session: the frame's session, where it was open before the verdict.
  init(_ record: FrameRecord, _ state: State, session: SessionRow? = nil) {
    (self.record, self.state) = (record, state)
    var session = session?.id
    if case .toRecognise(let opened) = state { session = opened.id }
    if let session, let candidate = record.candidate {
      identity = Identity(session: session, sequence: candidate.event.sequence)
    } else {
      identity = nil
    }
  }
}

/// What one frame record becomes in the database.
enum FrameOutcome: Sendable {
  case sample(SampleRow)
  /// Stored before: counted, no row.
  case duplicate
  case reject(RejectCode, detail: String)

  /// What a single record becomes that the database refused. A day for which no partition can be made lies outside of
  /// what is kept; anything else is a value that cannot be stored.
  static func refused(_ error: PostgresError) -> FrameOutcome {
    error.code == .missingPartition
      ? .reject(.outOfWindow, detail: "its session's day has no partition, by the database's calendar")
      : .reject(.unstorable, detail: error.refusal)
  }

  /// The row of a recognised frame, or the reject its picture turned out to be.
  init(_ outcome: RecognitionOutcome, of record: FrameRecord, in session: SessionRow) {
    guard let candidate = record.candidate else {
      self = .reject(.badEvent, detail: record.problem)
      return
    }
    switch outcome {
    case .rejected(let code, let detail): self = .reject(code, detail: detail)
    case .sample(let measured):
      self = .sample(
        SampleRow(
          offset: record.record.offset, sessionDay: session.day, sessionID: session.id,
          sequence: candidate.event.sequence, capturedAt: candidate.event.capturedAt,
          mediaPositionMilliseconds: candidate.event.mediaPositionMilliseconds,
          segmentHint: candidate.event.segmentID, courseID: session.courseID, learner: candidate.learner,
          status: measured.status, faceCount: Int16(clamping: measured.faceCount), distribution: measured.distribution,
          quality: measured.quality, eventID: candidate.event.id))
    }
  }
}

/// A frame record beside what becomes of it.
struct FrameResult: Sendable {
  let record: FrameRecord
  var outcome: FrameOutcome
}
