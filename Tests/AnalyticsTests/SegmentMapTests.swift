import Analytics
import LearningEvents
import Testing

/// Which segment a frame belongs to: hint, position and clock against each other.
@Suite struct SegmentMapTests {
  /// Two media that both start at zero, and an hour in a classroom.
  let map = SegmentMap([
    CourseSegment(key: 12, id: "intro", ordinal: 1, range: .media(startMilliseconds: 0, endMilliseconds: 60_000)),
    CourseSegment(key: 11, id: "proof", ordinal: 2, range: .media(startMilliseconds: 0, endMilliseconds: 90_000)),
    CourseSegment(
      key: 13, id: "lab", ordinal: 3,
      range: .clock(start: Frames.time(600_000), end: Frames.time(1_200_000))),
  ])

  func key(at milliseconds: Int64 = 0, media: Int64? = nil, hint: SegmentID? = nil) -> Int64? {
    map.segment(of: Frames.unseen(at: milliseconds, media: media, hint: hint))?.key
  }

  @Test func takesTheFirstSegmentThatContainsTheFrame() {
    #expect(key(media: 0) == 12)
    #expect(key(media: 59_999) == 12)
    #expect(key(media: 60_000) == 11)
    #expect(key(media: 90_000) == nil)
    #expect(key(at: 600_000) == 13)
    #expect(key(at: 1_200_000) == nil)
    #expect(key() == nil)
  }

  @Test func aHintChoosesAmongSeveralAndFillsInForAMissingPosition() {
    #expect(key(media: 10, hint: "proof") == 11)
    #expect(key(hint: "proof") == 11)
  }

  @Test func aHintIsNotBelievedAgainstPositionOrClock() {
    #expect(key(media: 70_000, hint: "intro") == 11)
    #expect(key(media: 95_000, hint: "intro") == nil)
    #expect(key(at: 0, hint: "lab") == nil)
    #expect(key(media: 1, hint: "unheard of") == 12)
  }
}
