import Analytics
import LearningEvents
import StableHashing
import Testing

/// Means, quartiles and bootstrap intervals over learners.
@Suite struct SegmentStatisticsTests {
  let seed = BootstrapSeed(source: "https://lms.example", course: "calculus", segment: "limits", version: 1)

  func learners(_ interest: [Int64]) -> [(LearnerPseudonym, LearnerMetrics)] {
    interest.enumerated().map { index, value in
      (
        LearnerPseudonym(high: 0, low: UInt64(index)),
        LearnerMetrics(stored: [.coverage: 10_000, .interest: value], isPublished: true)
      )
    }
  }

  @Test func quartilesInterpolateLikeNumPy() {
    // numpy.percentile([1, 2, 3, 4], [25, 50, 75]) = 1.75, 2.5, 3.25
    #expect(Quartiles(of: [4, 1, 3, 2]) == Quartiles(lower: 2, median: 3, upper: 3))
    #expect(Quartiles(of: [10]) == Quartiles(lower: 10, median: 10, upper: 10))
    // −1.75, −2.5 and −3.25 the other way round
    #expect(Quartiles(of: [-4, -1, -3, -2]) == Quartiles(lower: -3, median: -3, upper: -2))
    // 150, 200, 300 of [100, 200, 200, 400] … = 175, 200, 250
    #expect(Quartiles(of: [100, 200, 200, 400]) == Quartiles(lower: 175, median: 200, upper: 250))
  }

  @Test func theSeedDependsOnEveryPart() {
    let others = [
      BootstrapSeed(source: "https://lms.example", course: "calculus", segment: "limits", version: 2),
      BootstrapSeed(source: "https://lms.example", course: "calculusl", segment: "imits", version: 1),
      BootstrapSeed(source: "https://lms.example", course: "calculus", segment: nil, version: 1),
    ]
    for other in others { #expect(other != seed) }
    // From an independent implementation (FNV-1a 64 in Python).
    #expect(seed.value == 0xb091d44f0ff8892c)
  }

  @Test func theIntervalIsThatOfAnIndependentImplementation() {
    let values: [Int64] = [-1200, -300, 0, 150, 400, 425, 800, 1000, 1500, 2600, 3100, 3150]
    let summary = SegmentStatistics(learners: learners(values), seed: seed).summaries[.interest]
    #expect(summary?.learners == 12)
    #expect(summary?.mean == 969)
    #expect(summary?.interval == 225...1708)
  }

  @Test func theOrderOfLearnersDoesNotMatter() {
    let some = learners([5, -900, 77, 3000, 12, 800, 4])
    let expected = SegmentStatistics(learners: some, seed: seed)
    var generator = SplitMix64(seed: 3)
    for _ in 0..<5 {
      #expect(SegmentStatistics(learners: some.shuffled(using: &generator), seed: seed) == expected)
    }
  }

  @Test func oneLearnerIsAnIntervalOfOnePoint() {
    let summary = SegmentStatistics(learners: learners([321]), seed: seed).summaries[.interest]
    #expect(summary?.interval == 321...321)
    #expect(SegmentStatistics(learners: [], seed: seed).summaries.isEmpty)
  }

  @Test func coverageIsOverEverybodyTheRestOverThePublished() {
    var some = learners([100, 300])
    some.append(
      (LearnerPseudonym(high: 9, low: 9), LearnerMetrics(stored: [.coverage: 1000], isPublished: false)))
    let summaries = SegmentStatistics(learners: some, seed: seed).summaries
    #expect(summaries[.coverage]?.learners == 3)
    #expect(summaries[.coverage]?.mean == 7000)
    #expect(summaries[.interest]?.learners == 2)
    #expect(summaries[.interest]?.mean == 200)
  }

  @Test func theRankingNamesWhatOverlaps() {
    func entry(_ segment: Int64, _ mean: Int64, _ interval: ClosedRange<Int64>) -> InterestRanking.Entry {
      .init(segment: segment, ordinal: Int32(segment), mean: mean, interval: interval)
    }
    let ranking = InterestRanking([
      entry(1, -500, -900 ... -100), entry(2, 700, 300...1100), entry(3, 300, 0...600), entry(4, 300, 250...290),
    ])
    #expect(ranking.places.map(\.entry.segment) == [2, 3, 4, 1])
    #expect(ranking.places.map(\.rank) == [1, 2, 2, 4])
    #expect(ranking.places.map(\.overlapping) == [[3], [2, 4], [3], []])
  }
}
