import KafkaIO
import LearningEvents

/// What an LMS sends that is in order or not, late, early, or sent before. Each case has a partition of its own.
enum FrameFault: String, CaseIterable, Sendable {
  case sameFrameAtANewOffset, sameIdentityAtAnotherTime, outOfOrder, sevenDaysLate, clockADayAhead, clockADayBehind
  case acrossMidnight, oneSessionIDInTwoSystems, dayWithoutAPartition, refusedTwice
  case sessionsOfTwinNames, learnersOfTwinNames

  /// Another LMS, which gives the same ids to others.
  static let otherSource: SourceID = "https://other.\(IngestBench.marker).example"
  /// The day whose partition is taken away: days back from today.
  static let missingDay: Int32 = 5
  /// The sequence number that the sample table does not take.
  static let refusedNumber: Int32 = 66_666

  /// Two learners to a database and to a pseudonym; to Unicode the Kelvin sign is a K. Only the first consents.
  static let twinLearners: (consenting: LearnerID, other: LearnerID) = (
    IngestBench.learner("K"), IngestBench.learner("\u{212A}")
  )

  struct Sent: Sendable {
    var frame: FrameEvent
    var expectation: FaultJournal.Expectation
  }

  var partition: Int32 { Int32(Self.allCases.firstIndex(of: self)!) }

  /// The frames in the order in which they are sent, and what must become of each.
  func frames(now: EventTime) -> [Sent] {
    func frame(_ sequence: Int32, _ offset: Duration, session: SessionID = "a") -> FrameEvent {
      IngestBench.frame(
        session: "\(rawValue)-\(session)", sequence: sequence, capturedAt: now.advanced(by: offset))
    }
    func day(_ days: Int64) -> Duration { .seconds(86_400 * days) }
    func samples(_ frames: [FrameEvent]) -> [Sent] { frames.map { Sent(frame: $0, expectation: .sample) } }
    switch self {
    case .sameFrameAtANewOffset:
      let frames = (0..<3).map { frame($0, .seconds(Int64($0))) }
      return samples(frames) + [frames[0], frames[2], frames[0]].map { Sent(frame: $0, expectation: .duplicate) }
    case .sameIdentityAtAnotherTime:
      return samples([frame(0, .zero), frame(1, .seconds(1))])
        + [
          Sent(frame: frame(0, .milliseconds(1)), expectation: .rejected(as: .sequenceReused)),
          Sent(frame: frame(1, .seconds(-60)), expectation: .rejected(as: .sequenceReused)),
          Sent(frame: frame(2, .seconds(2)), expectation: .sample),
        ]
    case .outOfOrder:
      return samples([5, 3, 1, 4, 2, 0].map { frame($0, .seconds(Int64($0) - 10)) })
    case .sevenDaysLate:
      // A session that began seven days ago and ends today keeps the day it was opened on.
      return samples((0..<4).map { frame($0, day(-7) + .seconds(Int64($0))) } + [frame(4, .zero)])
    case .clockADayAhead:
      return samples([frame(0, day(1) - .seconds(120)), frame(1, day(1) - .seconds(119))])
        + [
          Sent(frame: frame(2, day(1) + .seconds(600)), expectation: .rejected(as: .outOfWindow)),
          Sent(frame: frame(3, .zero), expectation: .sample),
        ]
    case .clockADayBehind:
      return samples([frame(0, day(-1)), frame(1, day(-1) + .seconds(1)), frame(2, .zero)])
    case .acrossMidnight:
      let midnight = now.day.start
      let around = [-1500, -500, 0, 500].enumerated().map { index, milliseconds in
        var frame = frame(Int32(index), .zero)
        frame.capturedAt = midnight.advanced(by: .milliseconds(milliseconds))
        return frame
      }
      // Sent once more, each finds its sample under the day its session was opened on.
      return samples(around) + around.map { Sent(frame: $0, expectation: .duplicate) }
    case .oneSessionIDInTwoSystems:
      let ours = (0..<3).map { frame($0, .seconds(Int64($0))) }
      let theirs = ours.map { frame in
        var frame = frame
        frame.source = Self.otherSource
        return frame
      }
      return samples(zip(ours, theirs).flatMap { [$0, $1] }) + [Sent(frame: theirs[1], expectation: .duplicate)]
    case .sessionsOfTwinNames:
      // The same numbers in both sessions, at other times.
      return samples(
        (0..<3).flatMap { number in
          [
            frame(number, .seconds(Int64(number)), session: "\u{E9}"),
            frame(number, .seconds(Int64(number) + 10), session: "e\u{301}"),
          ]
        })
    case .learnersOfTwinNames:
      func of(_ learner: LearnerID, _ number: Int32, _ session: SessionID) -> FrameEvent {
        var frame = frame(number, .seconds(Int64(number)), session: session)
        frame.learnerID = learner
        return frame
      }
      let refused = FaultJournal.Expectation.rejected(as: .noConsent)
      // Whoever comes first, and in turn.
      return [Sent(frame: of(Self.twinLearners.other, 0, "other"), expectation: refused)]
        + (0..<3).flatMap { number in
          [
            Sent(frame: of(Self.twinLearners.consenting, number, "consenting"), expectation: .sample),
            Sent(frame: of(Self.twinLearners.other, number + 1, "other"), expectation: refused),
          ]
        }
    case .dayWithoutAPartition:
      return samples([frame(0, .zero), frame(1, .seconds(1))])
        + [
          // It is made again.
          Sent(frame: frame(0, day(-Int64(Self.missingDay)), session: "b"), expectation: .sample),
          Sent(frame: frame(2, .seconds(2)), expectation: .sample),
        ]
    case .refusedTwice:
      // The second delivery is no duplicate: nothing is stored that it could be one of.
      let refused = Sent(frame: frame(Self.refusedNumber, .seconds(1)), expectation: .rejected(as: .unstorable))
      return samples([frame(0, .zero)]) + [refused, refused] + samples([frame(2, .seconds(2))])
    }
  }
}
