import Analytics
import LearningEvents
import Testing

@Suite struct FramePaceTests {
  private func pace(_ milliseconds: [Int64], declared: Int64 = 1000) -> FramePace? {
    let frames = milliseconds.enumerated().map { sequence, time in
      TimedFrame(
        capturedAt: EventTime(microseconds: time * 1000), sequence: Int32(sequence), status: .noFace)
    }
    return FramePace(of: frames, declaredMilliseconds: declared)
  }

  @Test func theMedianGapIsThePace() {
    let tenSeconds = (0..<6).map { Int64($0) * 10_000 }
    #expect(pace(tenSeconds) == FramePace(observedMilliseconds: 10_000, declaredMilliseconds: 1000))
    #expect(pace(tenSeconds.reversed()) == pace(tenSeconds))
    // A lost frame, and a break over lunch.
    #expect(pace([0, 1000, 2000, 4000, 5000, 3_600_000, 3_601_000])?.observedMilliseconds == 1000)
    #expect(pace([0, 1000, 2000, 3000]) == nil)
    #expect(pace([]) == nil)
  }

  @Test(arguments: [
    (1500, 1000, false), (1501, 1000, true), (1000, 1500, false), (1000, 1501, true), (10_000, 1000, true),
    (0, 1000, true), (1000, 1000, false),
  ])
  func moreThanAHalfApartDisagrees(observed: Int64, declared: Int64, disagrees: Bool) {
    #expect(
      FramePace(observedMilliseconds: observed, declaredMilliseconds: declared).disagrees == disagrees)
  }
}
