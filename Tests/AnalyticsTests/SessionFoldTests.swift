import Analytics
import LearningEvents
import StableHashing
import Testing

/// Weights, expected time, visits and the credit of each frame, worked out by hand.
@Suite struct SessionFoldTests {
  static let segments = SegmentMap([
    CourseSegment(key: 1, id: "a", ordinal: 1, range: .media(startMilliseconds: 0, endMilliseconds: 60_000)),
    CourseSegment(key: 2, id: "b", ordinal: 2, range: .media(startMilliseconds: 60_000, endMilliseconds: 180_000)),
  ])
  let fold = SessionFold(segments: Self.segments, frameIntervalMilliseconds: 10_000)

  @Test func creditsEachFrameWithTheTimeToTheNext() {
    let sums = fold.sums(of: [
      Frames.classified(at: 0, [10_000, 0, 0, 0, 0, 0], media: 50_000),
      // 25 s to the next: the weight is cut at two intervals, expected time is not.
      Frames.classified(at: 10_000, [0, 0, 10_000, 0, 0, 0], media: 60_000),
      Frames.unseen(at: 35_000, media: 85_000),
      // 60 s to the next: the visit ends here.
      Frames.classified(at: 39_000, [0, 0, 0, 2500, 0, 7500], media: 89_000),
      Frames.unseen(at: 99_000, .lowQuality, media: 100_000),
    ])
    let first = sums.segments[1]
    #expect(first?.weighted.array == [100_000_000, 0, 0, 0, 0, 0])
    #expect(first?.classifiedMilliseconds == 10_000)
    #expect(first?.expectedMilliseconds == 10_000)
    let second = sums.segments[2]
    #expect(second?.weighted.array == [0, 0, 200_000_000, 25_000_000, 0, 75_000_000])
    #expect(second?.classifiedMilliseconds == 30_000)
    #expect(second?.expectedMilliseconds == 49_000)
    #expect(second?.classifiedFrames == 2)
    #expect(second?.noFaceFrames == 1)
    #expect(second?.lowQualityFrames == 1)
    #expect(sums.segments.count == 2)
    #expect(sums.minutes[.init(segment: 2, minute: 0)] == second)
  }

  @Test func aGapJustUnderAMinuteIsExpectedTime() {
    let sums = fold.sums(of: [
      Frames.classified(at: 0, [10_000, 0, 0, 0, 0, 0], media: 0),
      Frames.classified(at: 59_999, [10_000, 0, 0, 0, 0, 0], media: 1),
    ])
    #expect(sums.segments[1]?.expectedMilliseconds == 69_999)
    #expect(sums.segments[1]?.classifiedMilliseconds == 30_000)
  }

  @Test func framesOutsideAnySegmentAreKept() {
    let sums = fold.sums(of: [Frames.unseen(at: 0), Frames.classified(at: 5000, [10_000, 0, 0, 0, 0, 0])])
    #expect(sums.segments[nil]?.expectedMilliseconds == 15_000)
    #expect(sums.segments[nil]?.classifiedMilliseconds == 10_000)
    #expect(sums.segments.count == 1)
    #expect(sums.minutes.isEmpty)
  }

  @Test func equalCaptureTimesGoBySequence() {
    let frames = [
      Frames.classified(at: 0, [10_000, 0, 0, 0, 0, 0], sequence: 1, media: 0),
      Frames.classified(at: 0, [0, 10_000, 0, 0, 0, 0], sequence: 2, media: 0),
    ]
    // The earlier frame of the two weighs nothing.
    #expect(fold.sums(of: frames).segments[1]?.weighted.array == [0, 100_000_000, 0, 0, 0, 0])
    #expect(fold.sums(of: frames.reversed()) == fold.sums(of: frames))
  }

  @Test func nothingAddsUpToNothing() {
    #expect(fold.sums(of: []).segments.isEmpty)
  }

  @Test(arguments: 0..<40 as Range<UInt64>) func orderOfArrivalDoesNotMatter(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let frames = Frames.random(count: Int.random(in: 1...80, using: &generator), using: &generator)
    let expected = fold.sums(of: frames)
    #expect(fold.sums(of: frames.shuffled(using: &generator)) == expected)
    for sum in expected.segments.values {
      #expect(sum.classifiedMilliseconds <= sum.expectedMilliseconds)
      #expect(sum.weighted.array.reduce(0, +) == sum.classifiedMilliseconds * 10_000)
    }
  }

  @Test(arguments: 0..<10 as Range<UInt64>) func minutesAddUpToTheirSegment(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let sums = fold.sums(of: Frames.random(count: 60, using: &generator))
    for (key, segment) in sums.segments {
      guard let key else { continue }
      var total = SegmentSum()
      for (minute, sum) in sums.minutes where minute.segment == key { total += sum }
      total.confusionEpisodes = segment.confusionEpisodes
      total.confusionMilliseconds = segment.confusionMilliseconds
      total.confusionResolved = segment.confusionResolved
      #expect(total == segment)
    }
  }

  /// Sessions merge in any grouping, because only integers are added.
  @Test func mergeEqualsWhole() {
    var generator = SplitMix64(seed: 7)
    let sessions = (0..<12).map { _ in fold.sums(of: Frames.random(count: 30, using: &generator)) }
    func total(_ parts: [SessionSums]) -> [Int64?: SegmentSum] {
      parts.reduce(into: [:]) { all, part in
        for (key, sum) in part.segments { all[key, default: SegmentSum()] += sum }
      }
    }
    let whole = total(sessions)
    let left = total(Array(sessions[..<5]))
    var merged = total(Array(sessions[5...].reversed()))
    for (key, sum) in left { merged[key, default: SegmentSum()] += sum }
    #expect(merged == whole)
  }

  /// A frame that arrives days late changes the weights about it, and only a fold of all frames gets that right.
  @Test func oneLateFrameChangesItsNeighbours() {
    let first = Frames.classified(at: 0, [10_000, 0, 0, 0, 0, 0], media: 0)
    let late = Frames.classified(at: 5000, [0, 10_000, 0, 0, 0, 0], media: 5000)
    let last = Frames.classified(at: 20_000, [10_000, 0, 0, 0, 0, 0], media: 20_000)
    let before = fold.sums(of: [first, last]).segments[1]
    #expect(before?.weighted.array == [300_000_000, 0, 0, 0, 0, 0])
    let after = fold.sums(of: [first, last, late]).segments[1]
    #expect(after?.weighted.array == [150_000_000, 150_000_000, 0, 0, 0, 0])
    #expect(after?.expectedMilliseconds == before?.expectedMilliseconds)
  }
}
