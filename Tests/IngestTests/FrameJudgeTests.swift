import Cryptography
import ImageTypes
import Ingest
import LearningEvents
import Persistence
import Testing

@Suite struct FrameJudgeTests {
  private let judge = FrameJudge(grace: .seconds(30))
  private let now = EventTime(microseconds: 1_795_000_000_000_000)
  private let pseudonymizer = LearnerPseudonymizer(secret: Array(repeating: 7, count: 32))

  private func frame(
    learner: LearnerID = "ada", captured: Duration = .zero, recorded: Duration = .zero, imageBytes: Int = 40_000
  ) -> FrameCandidate {
    let event = FrameEvent(
      id: "e1", source: "https://lms.example", sessionID: "s1", sequence: 3, learnerID: learner, courseID: "c1",
      capturedAt: now.advanced(by: captured), imageType: .jpeg)
    return FrameCandidate(
      event: event, learner: pseudonymizer.pseudonym(source: event.source, learnerID: learner), imageBytes: imageBytes,
      recordedAt: now.advanced(by: recorded), receivedAt: now.advanced(by: recorded))
  }

  private func session(of frame: FrameCandidate, course: Int64 = 1, daysAgo: Int32 = 0) -> SessionRow {
    SessionRow(id: 5, day: now.day.advanced(by: -daysAgo), learner: frame.learner, courseID: course)
  }

  private func known(
    course: Int64? = 1, consent: ConsentState = .granted(since: .earliest), erased: Bool = false,
    session: SessionRow? = nil,
    stored: EventTime? = nil
  ) -> FrameResolution {
    FrameResolution(courseID: course, consent: consent, isErased: erased, session: session, storedCapture: stored)
  }

  private func verdict(_ frame: FrameCandidate, _ known: FrameResolution, mayWait: Bool = true) -> FrameVerdict {
    judge.judge(frame, known: known, mayWait: mayWait, now: now, today: now.day)
  }

  private func code(_ frame: FrameCandidate, _ known: FrameResolution, mayWait: Bool = true) -> RejectCode? {
    if case .reject(let code, _) = verdict(frame, known, mayWait: mayWait) { code } else { nil }
  }

  @Test func aConsentedFrameOfAKnownCourseIsRecognised() {
    #expect(verdict(frame(), known()) == .recognise)
    #expect(verdict(frame(), known(session: session(of: frame()))) == .recognise)
  }

  @Test func theRawLearnerIDDoesNotOutliveReading() {
    #expect(frame().event.learnerID.utf8.isEmpty)
  }

  @Test func theFirstReasonInTheFixedOrderCounts() {
    let tooLarge = FrameEvent.imageLimitBytes + 1
    let stranger = session(of: frame(learner: "bob"))
    let old = Duration.seconds(-15 * 86_400)
    // Each case carries every later reason too.
    #expect(
      code(
        frame(captured: old, imageBytes: tooLarge),
        known(course: nil, consent: .revoked, erased: true, session: stranger))
        == .badEvent)
    #expect(code(frame(captured: old, imageBytes: tooLarge), known(course: nil), mayWait: false) == .tooLarge)
    #expect(code(frame(captured: old), known(course: nil), mayWait: false) == .outOfWindow)
    #expect(code(frame(), known(course: nil, consent: .revoked, erased: true), mayWait: false) == .unknownCourse)
    #expect(code(frame(), known(consent: .revoked, erased: true)) == .erased)
    #expect(code(frame(), known(consent: .revoked, stored: now.advanced(by: .seconds(1)))) == .noConsent)
    #expect(code(frame(), known(stored: now.advanced(by: .seconds(1)))) == .sequenceReused)
  }

  @Test func aStoredSampleIsADuplicateWhateverItsBody() {
    let again = frame(imageBytes: FrameEvent.imageLimitBytes * 6)
    #expect(verdict(again, known(session: session(of: again), stored: now)) == .duplicate)
  }

  @Test func anotherLearnerOrCourseInASessionIsABadEvent() {
    #expect(code(frame(), known(session: session(of: frame(learner: "bob")))) == .badEvent)
    #expect(code(frame(), known(session: session(of: frame(), course: 2))) == .badEvent)
  }

  @Test(arguments: [(-14.0, true), (-14.001, false), (1.0, true), (1.001, false), (0.0, true)])
  func theWindowIsFourteenDaysBackAndOneAhead(days: Double, isIn: Bool) {
    let verdict = verdict(frame(captured: .seconds(days * 86_400)), known())
    #expect((verdict == .recognise) == isIn)
  }

  @Test func aSessionWhoseDayLeftTheWindowTakesNoMore() {
    #expect(verdict(frame(), known(session: session(of: frame(), daysAgo: 14))) == .recognise)
    #expect(code(frame(), known(session: session(of: frame(), daysAgo: 15))) == .outOfWindow)
  }

  /// Records as old, or as far ahead, as their frames: there is no partition for such a day.
  @Test(arguments: [(-14, true), (-15, false), (59, true), (60, false)])
  func aSessionIsOpenedOnlyOnADayThatHasAPartition(days: Int, isIn: Bool) {
    let time = Duration.seconds(days * 86_400)
    #expect((code(frame(captured: time, recorded: time), known()) != .outOfWindow) == isIn)
  }

  @Test func unknownCourseOrConsentWaitsUntilItsDeadlineAndOnlyOnce() {
    let fresh = frame(recorded: .seconds(-10))
    let deadline = now.advanced(by: .seconds(20))
    #expect(verdict(fresh, known(course: nil)) == .wait(until: deadline))
    #expect(verdict(fresh, known(consent: .unknown)) == .wait(until: deadline))
    #expect(code(fresh, known(course: nil), mayWait: false) == .unknownCourse)
    #expect(code(fresh, known(consent: .unknown), mayWait: false) == .noConsent)
    let late = frame(recorded: .seconds(-30))
    #expect(code(late, known(course: nil)) == .unknownCourse)
    #expect(code(late, known(consent: .unknown)) == .noConsent)
  }

  @Test func aRevocationIsKnownAndNeverWaitedFor() {
    #expect(code(frame(), known(consent: .revoked)) == .noConsent)
  }
}
