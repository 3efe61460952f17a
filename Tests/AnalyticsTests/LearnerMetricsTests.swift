import Analytics
import LearningEvents
import Testing

/// Metrics of one learner, worked out by hand.
@Suite struct LearnerMetricsTests {
  /// One second at the given probabilities (ten-thousandths), out of `expected` seconds.
  func sum(_ probabilities: [Int64], seconds: Int64 = 1, expected: Int64 = 1) -> SegmentSum {
    var sum = SegmentSum()
    sum.weighted = EmotionSums(probabilities.map { $0 * seconds * 1000 })
    sum.classifiedMilliseconds = seconds * 1000
    sum.expectedMilliseconds = expected * 1000
    return sum
  }

  func metrics(_ sum: SegmentSum, course: SegmentSum? = nil) -> LearnerMetrics {
    LearnerMetrics(sum, course: course ?? sum, weights: .version1)
  }

  @Test func aMixtureGivesTheDesignsFormulas() {
    // 0.10 focused, 0.20 distracted, 0.30 curious, 0.15 confused, 0.05 tired, 0.20 happy.
    let found = metrics(sum([1000, 2000, 3000, 1500, 500, 2000]))
    #expect(found[.coverage] == 10_000)
    // 0.1 + 0.67·0.5 + 0.5·0.15 + 0.33·0.05 = 0.5265
    #expect(found[.concentration] == 5265)
    // … with 0.33·0.15 and 0.67·0.15: 0.5010 and 0.5520
    #expect(found[.concentrationLow] == 5010)
    #expect(found[.concentrationHigh] == 5520)
    // (1 + 0.1 + 0.3 + 0.2 − 0.2 − 0.05)/2 = 0.675
    #expect(found[.engagement] == 6750)
    #expect(found[.onTask] == 5500)
    #expect(found[.interest] == 0)
    #expect(found[.curious] == 3000)
  }

  @Test(
    arguments: [
      (Emotion.focused, 10_000, 10_000), (.distracted, 0, 0), (.curious, 6700, 10_000), (.confused, 5000, 5000),
      (.tired, 3300, 0), (.happy, 6700, 10_000),
    ] as [(Emotion, Int64, Int64)])
  func aPureEmotionGivesItsWeight(emotion: Emotion, concentration: Int64, engagement: Int64) {
    var pure = EmotionSums()
    pure[emotion] = 10_000
    let found = metrics(sum(pure.array))
    #expect(found[.concentration] == concentration)
    #expect(found[.engagement] == engagement)
  }

  @Test func interestComparesWithTheWholeCourse() {
    let here = sum([2000, 0, 5000, 0, 0, 3000])
    var course = here
    course += sum([10_000, 0, 0, 0, 0, 0], seconds: 3, expected: 3)
    // 0.8 here, 0.2 over four seconds of course.
    #expect(metrics(here, course: course)[.interest] == 6000)
    #expect(metrics(sum([10_000, 0, 0, 0, 0, 0], seconds: 3, expected: 3), course: course)[.interest] == -2000)
  }

  @Test func halfACoverageIsEnoughAndLessIsNot() {
    let half = metrics(sum([10_000, 0, 0, 0, 0, 0], seconds: 1, expected: 2))
    #expect(half.isPublished)
    #expect(half[.coverage] == 5000)
    var less = sum([10_000, 0, 0, 0, 0, 0], seconds: 1, expected: 2)
    less.expectedMilliseconds += 1
    let unpublished = metrics(less)
    // Rounded it is a half, exactly it is not.
    #expect(unpublished[.coverage] == 4998)
    #expect(!unpublished.isPublished)
    #expect(unpublished[.concentration] == nil)
    #expect(unpublished[.interest] == nil)
  }

  @Test func aLearnerNeverSeenHasNoFigures() {
    var absent = SegmentSum()
    absent.expectedMilliseconds = 10_000
    absent.noFaceFrames = 1
    #expect(metrics(absent)[.coverage] == 0)
    #expect(!metrics(absent).isPublished)
    #expect(!metrics(SegmentSum()).isPublished)
  }

  @Test(
    arguments: [
      (7, 2, 4), (-7, 2, -4), (5, 3, 2), (4, 3, 1), (-4, 3, -1), (-5, 3, -2), (0, 9, 0), (1, 2, 1), (-1, 2, -1),
    ] as [(Int128, Int128, Int64)])
  func roundsHalvesAwayFromZero(numerator: Int128, denominator: Int128, expected: Int64) {
    #expect(roundedHalfAwayFromZero(numerator, over: denominator) == expected)
  }

  @Test func learnerKeysSortAndPrintLikePostgres() {
    let low = LearnerPseudonym(high: 0, low: 0xFFFF_FFFF_FFFF)
    let high = LearnerPseudonym(high: 1, low: 10)
    #expect(low < high)
    #expect(low.uuid == "00000000-0000-0000-0000-ffffffffffff")
    #expect(high.uuid == "00000000-0000-0001-0000-00000000000a")
  }
}
