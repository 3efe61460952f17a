package import ImageTypes

/// A webcam frame as a CloudEvent (type `org.lectern.frame.v1`), without its picture.
///
/// Every id is the LMS's own and scoped by `source`. (`source`, `sessionID`, `sequence`) is the frame's identity. The
/// raw learner id lives only as long as this value: it is never stored or logged.
package struct FrameEvent: Sendable, Hashable {
  /// `ce_id`.
  package var id: EventID
  /// `ce_source`: the LMS, a URI.
  package var source: SourceID
  /// `ce_sessionid`: one learner's one sitting in one course; also the message key.
  package var sessionID: SessionID
  /// `ce_sequence`: 0…2,147,483,647, unique in its session.
  package var sequence: Int32
  /// `ce_learnerid`.
  package var learnerID: LearnerID
  /// `ce_courseid`.
  package var courseID: CourseID
  /// `ce_segmentid`: the LMS's hint. Segments are joined by time, not by it.
  package var segmentID: SegmentID?
  /// `ce_mediaposms`: position in the recorded lecture, 0…2,147,483,647.
  package var mediaPositionMilliseconds: Int64?
  /// `ce_facebox`.
  package var faceBox: FaceBox?
  /// `ce_time`: when the picture was taken.
  package var capturedAt: EventTime
  /// `content-type` (structured mode: `datacontenttype`).
  package var imageType: ImageType
  /// W3C trace context of the producer; nil unless well-formed.
  package var traceparent: String?

  package init(
    id: EventID, source: SourceID, sessionID: SessionID, sequence: Int32, learnerID: LearnerID, courseID: CourseID,
    segmentID: SegmentID? = nil, mediaPositionMilliseconds: Int64? = nil, faceBox: FaceBox? = nil,
    capturedAt: EventTime, imageType: ImageType, traceparent: String? = nil
  ) {
    self.id = id
    self.source = source
    self.sessionID = sessionID
    self.sequence = sequence
    self.learnerID = learnerID
    self.courseID = courseID
    self.segmentID = segmentID
    self.mediaPositionMilliseconds = mediaPositionMilliseconds
    self.faceBox = faceBox
    self.capturedAt = capturedAt
    self.imageType = imageType
    self.traceparent = traceparent
  }

  /// The largest picture, in bytes: a larger one is the reject `too_large`.
  package static let imageLimitBytes = 8 << 20
  /// The longest media position, in milliseconds (24.8 days).
  package static let mediaPositionLimit = Int64(Int32.max)
}

/// Where the picture of a decoded frame is.
package enum FrameImage: Sendable, Hashable {
  /// Binary mode: the record's value is the picture. It may have any size.
  case recordValue(byteCount: Int)
  /// Structured mode: decoded from `data_base64`; empty if the event has no data.
  case decoded([UInt8])
  /// Structured mode: larger than `FrameEvent.imageLimitBytes`, left undecoded.
  case oversized(byteCount: Int)

  /// The picture's size in bytes.
  package var byteCount: Int {
    switch self {
    case .recordValue(let byteCount), .oversized(let byteCount): byteCount
    case .decoded(let bytes): bytes.count
    }
  }
}
