import ImageTypes
import LearningEvents
import Telemetry

/// One lesson as an LMS would tell of it: a course, its learners' sessions and their consent, and a frame of each
/// learner every interval.
struct Lesson: Sendable {
  /// The LMS, a URI.
  var source: SourceID
  var courseID: CourseID
  var title: String
  /// Titles of equally long segments by media position; at least one.
  var segments: [String]
  /// LMS ids; all but those in `refusing` consent.
  var learners: [LearnerID]
  var refusing: Set<LearnerID> = []
  /// The first frames' capture time.
  var start: EventTime
  var frameInterval: Duration
  var framesPerLearner: Int
  /// Makes this lesson's sessions new ones, though the course may have had others.
  var run: String

  /// The picture of one learner's camera at one moment.
  typealias Picture = @Sendable (_ learner: Int, _ frame: Int) throws -> (bytes: [UInt8], type: ImageType)

  var frameCount: Int { learners.count * framesPerLearner }

  /// The frames in the order of time, all learners at each moment; each is made when it is asked for.
  func frames(_ picture: @escaping Picture) -> some Sequence<@Sendable () throws -> OutgoingFrame> {
    (0..<frameCount).lazy.map { number -> @Sendable () throws -> OutgoingFrame in
      let (frame, learner) = number.quotientAndRemainder(dividingBy: learners.count)
      return {
        let (bytes, type) = try picture(learner, frame)
        return OutgoingFrame(event: event(learner: learner, frame: frame, type: type), image: bytes)
      }
    }
  }

  private func event(learner: Int, frame: Int, type: ImageType) -> FrameEvent {
    let position = frameInterval * frame
    return FrameEvent(
      id: "\(run)-\(learner)-\(frame)", source: source, sessionID: sessionID(learner), sequence: Int32(frame),
      learnerID: learners[learner], courseID: courseID, mediaPositionMilliseconds: position.wholeMilliseconds,
      capturedAt: start.advanced(by: position), imageType: type)
  }

  /// Course, sessions and consent, in the order in which they should be sent. Consent is given before the first frame,
  /// since it covers none that was captured earlier.
  func controlEvents(at time: EventTime) -> [ControlEvent] {
    let total = frameInterval * framesPerLearner
    let definitions = segments.enumerated().map { index, title in
      let bounds = [index, index + 1].map { (total * $0 / segments.count).wholeMilliseconds }
      return SegmentDefinition(
        id: "segment-\(index + 1)", title: title, ordinal: Int32(index + 1),
        range: .media(startMilliseconds: bounds[0], endMilliseconds: bounds[1]))
    }
    let course = CourseEvent(
      eventID: "\(run)-course", source: source, time: time, courseID: courseID, title: title, segments: definitions)
    let sessions = learners.indices.map { learner in
      ControlEvent.session(
        SessionEvent(
          eventID: "\(run)-session-\(learner)", source: source, time: time, sessionID: sessionID(learner),
          frameIntervalMilliseconds: Int32(clamping: frameInterval.wholeMilliseconds)))
    }
    let consents = learners.enumerated().map { index, learner in
      ControlEvent.consent(
        ConsentEvent(
          eventID: "\(run)-consent-\(index)", source: source, time: min(time, start), learnerID: learner,
          scope: .analytics, granted: !refusing.contains(learner)))
    }
    return [.course(course)] + sessions + consents
  }

  private func sessionID(_ learner: Int) -> SessionID { "\(run)-\(learner)" }
}
