import KafkaIO
import LearningEvents
import Persistence
import Recognition

/// What became of one frame record.
struct FrameResult: Sendable {
  enum Outcome: Sendable {
    case sample(SampleRow)
    case duplicate
    case reject(RejectCode, detail: String)
  }

  let record: KafkaRecord
  var outcome: Outcome
}

extension FrameResult.Outcome {
  /// The row of a recognised frame, or the reject its picture turned out to be.
  init(_ outcome: RecognitionOutcome, offset: Int64, of candidate: FrameCandidate, in session: SessionRow) {
    switch outcome {
    case .rejected(let code, let detail): self = .reject(code, detail: detail)
    case .sample(let measured):
      self = .sample(
        SampleRow(
          offset: offset, sessionDay: session.day, sessionID: session.id, sequence: candidate.event.sequence,
          capturedAt: candidate.event.capturedAt,
          mediaPositionMilliseconds: candidate.event.mediaPositionMilliseconds,
          segmentHint: candidate.event.segmentID, courseID: session.courseID, learner: candidate.learner,
          status: measured.status, faceCount: Int16(clamping: measured.faceCount), distribution: measured.distribution,
          quality: measured.quality))
    }
  }
}
