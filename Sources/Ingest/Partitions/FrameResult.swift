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
    case .badImage(let detail): self = .reject(.badImage, detail: detail)
    case .tooLarge(let detail): self = .reject(.tooLarge, detail: detail)
    case .decoderCrash(let detail): self = .reject(.decoderCrash, detail: detail)
    case .sample(let status, let faceCount, let distribution, let quality):
      self = .sample(
        SampleRow(
          offset: offset, sessionDay: session.day, sessionID: session.id, sequence: candidate.event.sequence,
          capturedAt: candidate.event.capturedAt,
          mediaPositionMilliseconds: candidate.event.mediaPositionMilliseconds,
          segmentHint: candidate.event.segmentID, courseID: session.courseID, learner: candidate.learner,
          status: status, faceCount: Int16(clamping: faceCount), distribution: distribution, quality: quality))
    }
  }
}
