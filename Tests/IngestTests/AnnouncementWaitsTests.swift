import Cryptography
import ImageTypes
import Ingest
import LearningEvents
import Testing

@Suite struct AnnouncementWaitsTests {
  private let waits = AnnouncementWaits(longest: .seconds(30))
  private let start = ContinuousClock.now

  private func frame(_ learner: Int) -> FrameCandidate {
    let now = EventTime(microseconds: 1_795_000_000_000_000)
    let event = FrameEvent(
      id: "e1", source: "https://lms.example", sessionID: "s1", sequence: 3, learnerID: LearnerID("\(learner)"),
      courseID: "c1", capturedAt: now, imageType: .jpeg)
    let pseudonymizer = LearnerPseudonymizer(secret: Array(repeating: 7, count: 32))
    return FrameCandidate(
      event: event, learner: pseudonymizer.pseudonym(source: event.source, learnerID: event.learnerID),
      imageBytes: 40_000, recordedAt: now, receivedAt: now)
  }

  /// Looks four times a second, as a worker does, and tells when it gave up.
  private func wait(for frame: FrameCandidate, from second: Double, atMost seconds: Double = 1000) -> Double {
    var now = second
    while now < second + seconds, waits.mayWait(for: frame, at: start + .seconds(now)) {
      _ = waits.begin(for: frame, at: start + .seconds(now))
      now += 0.25
    }
    return now
  }

  @Test func eachIsWaitedForOnce() {
    #expect(wait(for: frame(0), from: 0) == 30)
    waits.end(for: frame(0))
    #expect(!waits.mayWait(for: frame(0), at: start + .seconds(5000)))
    #expect(wait(for: frame(1), from: 5000) == 5030)
  }

  @Test func manyInARowWaitNoLongerThanOne() {
    var now = 0.0
    for learner in 0..<100 {
      now = wait(for: frame(learner), from: now, atMost: 10)
      waits.end(for: frame(learner))
    }
    #expect(now == 30)
    // After a minute without a wait a tenth of it has come back.
    #expect(abs(wait(for: frame(200), from: 90) - 96) < 1)
  }

  @Test func shortWaitsOfThoseWhoJoinDoNotAddUp() {
    for learner in 0..<100 {
      let now = Double(learner) * 15
      #expect(wait(for: frame(learner), from: now, atMost: 1) == now + 1)
    }
  }
}
