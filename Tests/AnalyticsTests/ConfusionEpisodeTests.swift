import Analytics
import LearningEvents
import Testing

/// Confusion episodes through the fold, at one frame a second.
@Suite struct ConfusionEpisodeTests {
  let fold = SessionFold(
    segments: SegmentMap([
      CourseSegment(key: 1, id: "a", ordinal: 1, range: .media(startMilliseconds: 0, endMilliseconds: 60_000))
    ]),
    frameIntervalMilliseconds: 1000)

  /// Runs of (seconds, p_confused), the rest of the probability on `other`.
  func session(_ runs: [(seconds: Int, confused: Int64)], other: Emotion = .happy, gapBefore: [Int: Int64] = [:])
    -> [TimedFrame]
  {
    var now: Int64 = 0
    var frames: [TimedFrame] = []
    for (index, run) in runs.enumerated() {
      now += gapBefore[index] ?? 0
      for _ in 0..<run.seconds {
        var p = EmotionSums()
        p[other] = 10_000 - run.confused
        p[.confused] += run.confused
        frames.append(Frames.classified(at: now, p.array, media: now))
        now += 1000
      }
    }
    return frames
  }

  func totals(_ frames: [TimedFrame]) -> [Int64] {
    let sum = fold.sums(of: frames).segments[1] ?? SegmentSum()
    return [sum.confusionEpisodes, sum.confusionMilliseconds, sum.confusionResolved]
  }

  @Test func aSteadyConfusionIsOneEpisode() {
    // Confused from 0 s to 9 s; smoothed confusion falls to e^(-k/5) after k frames: e^-1 = 0.368, e^-1.2 = 0.301.
    // So it ends at the sixth frame of calm, at 15 s.
    #expect(totals(session([(10, 10_000), (20, 0)])) == [1, 15_000, 0])
  }

  @Test func threeSecondsAreNotEnough() {
    // At or above 0.5 from 0 s on; the last frame above is e^-0.6 = 0.549 at 3 s + … : 0 s to 3 s only.
    #expect(totals(session([(1, 10_000), (20, 0)])) == [0, 0, 0])
    // One frame more and it lasts from 0 s to 4 s (e^-0.6 again), which is an episode, over at 7 s (e^-1.2).
    #expect(totals(session([(2, 10_000), (20, 0)])) == [1, 7000, 0])
  }

  @Test func focusWithinTwoMinutesResolvesIt() {
    #expect(totals(session([(10, 10_000), (20, 0)], other: .focused)) == [1, 15_000, 1])
    #expect(totals(session([(10, 10_000), (20, 0)], other: .curious)) == [1, 15_000, 1])
    #expect(totals(session([(10, 10_000), (20, 0)], other: .tired)) == [1, 15_000, 0])
  }

  @Test func aGapOfTenSecondsEndsItAtTheLastFrame() {
    // Frames at 0…9 s, then at 20 s (11 s later): ended at 9 s, and confusion begins anew at 20 s for 6 s (20…25).
    #expect(totals(session([(10, 10_000), (6, 10_000)], gapBefore: [1: 10_000])) == [2, 9000 + 5000, 0])
    // 9.999 s is no gap.
    let close = session([(10, 10_000), (6, 10_000)], gapBefore: [1: 8999])
    #expect(totals(close) == [1, 9000 + 9999 + 5000, 0])
  }

  @Test func resolutionCountsAcrossAGapButNotAfterTwoMinutes() {
    func later(_ seconds: Int64) -> [Int64] {
      var frames = session([(10, 10_000)])
      frames.append(Frames.classified(at: 9000 + seconds * 1000, [10_000, 0, 0, 0, 0, 0], media: 0))
      return totals(frames)
    }
    #expect(later(120) == [1, 9000, 1])
    #expect(later(121) == [1, 9000, 0])
  }

  @Test func anEpisodeBelongsToTheSegmentItBeganIn() {
    var frames = session([(10, 10_000)])
    frames = frames.enumerated().map { index, frame in
      TimedFrame(
        capturedAt: frame.capturedAt, sequence: frame.sequence, mediaPositionMilliseconds: index < 2 ? 0 : nil,
        status: .classified, distribution: frame.distribution)
    }
    let sums = fold.sums(of: frames)
    #expect(sums.segments[1]?.confusionMilliseconds == 9000)
    #expect(sums.segments[nil]?.confusionMilliseconds == 0)
  }
}
