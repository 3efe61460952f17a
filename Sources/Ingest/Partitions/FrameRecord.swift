import Cryptography
import KafkaIO
import LearningEvents
import Persistence
import Recognition

/// A frame record as far as its headers tell: a candidate to judge, or what is wrong with it.
struct FrameRecord: Sendable {
  enum Content: Sendable {
    case readable(FrameCandidate, FrameImage)
    case unreadable(EventError)
  }

  let record: KafkaRecord
  let content: Content
  let coordinates: LastRecord

  init(_ record: KafkaRecord, receivedAt: EventTime, pseudonymizer: LearnerPseudonymizer) {
    self.record = record
    coordinates = LastRecord(record)
    do throws(EventError) {
      let (event, image) = try record.decodeFrame()
      let learner = pseudonymizer.pseudonym(source: event.source, learnerID: event.learnerID)
      let candidate = FrameCandidate(
        event: event, learner: learner, imageBytes: image.byteCount,
        recordedAt: coordinates.timestamp ?? receivedAt,
        receivedAt: receivedAt)
      content = .readable(candidate, image)
    } catch {
      content = .unreadable(error)
    }
  }

  var candidate: FrameCandidate? {
    if case .readable(let candidate, _) = content { candidate } else { nil }
  }

  /// What is wrong with the event; empty if nothing is.
  var problem: String {
    if case .unreadable(let error) = content { error.detail } else { "" }
  }

  /// The picture and its face box, copied out of the record. Only of a frame that may be looked at.
  var request: RecognitionRequest {
    guard case .readable(let candidate, let image) = content else { return RecognitionRequest(bytes: []) }
    let bytes =
      switch image {
      case .recordValue: record.withValue { [UInt8]($0) }
      case .decoded(let bytes): bytes
      case .oversized: [UInt8]()
      }
    return RecognitionRequest(bytes: bytes, faceBox: candidate.event.faceBox)
  }
}
