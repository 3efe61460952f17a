import KafkaIO
import LearningEvents
import Persistence
import Recognition

/// A frame record as far as its headers tell: a candidate to judge, or what is wrong with it.
///
/// A class, because it is handed on and looked at many times and its texts would be counted at every copy.
final class FrameRecord: Sendable {
  let record: KafkaRecord
  /// Nil for an event that cannot be read.
  let candidate: FrameCandidate?
  /// What is wrong with the event; empty if nothing is.
  let problem: String
  /// Whether the record's key is the session id: only then the log keeps the session in order.
  let isKeyed: Bool
  private let image: FrameImage?

  /// - Parameter sources: the LMSs that may speak here; nil is any.
  init(_ record: KafkaRecord, receivedAt: EventTime, from sources: Set<SourceID>?, pseudonyms: inout PseudonymMemo) {
    self.record = record
    do throws(EventError) {
      let (event, image) = try record.decodeFrame()
      guard sources?.contains(event.source) ?? true else { throw EventSources.refusal }
      isKeyed = record.withKey { $0?.elementsEqual(event.sessionID.utf8) ?? false }
      let learner = pseudonyms.pseudonym(source: event.source, learnerID: event.learnerID)
      candidate = FrameCandidate(
        event: event, learner: learner, imageBytes: image.byteCount, recordedAt: record.timestamp ?? receivedAt,
        receivedAt: receivedAt)
      self.image = image
      problem = ""
    } catch {
      (candidate, image, isKeyed) = (nil, nil, true)
      problem = error.detail
    }
  }

  /// What the LMS finds its record by.
  var reference: EventReference { candidate.map { EventReference($0.event) } ?? record.eventReference }

  /// Lends the picture, an encoded file; empty if the event has none, or one of more bytes than are read.
  func withPicture<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    switch image {
    case .recordValue: record.withValue(body)
    case .decoded(let bytes): bytes.withUnsafeBytes(body)
    case .oversized, nil: body(UnsafeRawBufferPointer(start: nil, count: 0))
    }
  }

  /// The picture, copied out of the record, with what is known of where its face is. Only of a frame that may be looked
  /// at.
  func request(in session: SessionRow) -> RecognitionRequest {
    RecognitionRequest(
      bytes: withPicture { [UInt8]($0) }, faceBox: candidate?.event.faceBox,
      track: candidate.map { FrameTrack(session: session.id, capturedAt: $0.event.capturedAt) })
  }
}
