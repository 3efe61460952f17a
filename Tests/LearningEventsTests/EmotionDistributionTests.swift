import LearningEvents
import Testing

@Suite struct EmotionDistributionTests {
  @Test func theOrderOfTheSixIsFixed() {
    #expect(Emotion.allCases.map(\.name) == ["focused", "distracted", "curious", "confused", "tired", "happy"])
    #expect(Emotion.allCases.map(\.rawValue) == Array(0..<6))
  }

  @Test func largestRemaindersGetTheMissingParts() throws {
    // Thirds lose one part between them: equal remainders go to the first.
    let thirds = try #require(EmotionDistribution(probabilities: [1, 1, 1, 0, 0, 0] as [Double]))
    #expect(thirds.tenThousandths == [3334, 3333, 3333, 0, 0, 0])
    #expect(thirds.label == .focused)
    let sixths = try #require(EmotionDistribution(probabilities: [Float](repeating: 1 / 6, count: 6)))
    #expect(sixths.tenThousandths == [1667, 1667, 1667, 1667, 1666, 1666])
    let uneven = try #require(EmotionDistribution(probabilities: [0.00004, 0.00006, 0.9999, 0, 0, 0] as [Double]))
    #expect(uneven.tenThousandths == [0, 1, 9999, 0, 0, 0])
    #expect(uneven.label == .curious)
  }

  @Test func everySumIsTenThousand() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<5000 {
      let weights = (0..<6).map { _ in Double.random(in: 0...1, using: &generator) * Double.random(in: 0...1e-3) }
      guard let distribution = EmotionDistribution(probabilities: weights) else { continue }
      #expect(distribution.tenThousandths.reduce(0) { $0 + Int($1) } == 10_000)
      #expect(distribution.tenThousandths.allSatisfy { $0 >= 0 })
      // Parts that are whole already stay as they are.
      #expect(EmotionDistribution(probabilities: distribution.tenThousandths.map(Double.init)) == distribution)
    }
  }

  @Test func theLabelIsTheFirstMaximum() throws {
    let tied = try #require(EmotionDistribution(probabilities: [0, 0, 0.5, 0, 0, 0.5] as [Double]))
    #expect(tied.label == .curious)
  }

  @Test(
    arguments: [
      [1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0], [.nan, 0, 0, 0, 0, 1], [.infinity, 0, 0, 0, 0, 1], [-0.1, 0, 0, 0, 0, 1],
      [1e308, 1e308, 0, 0, 0, 0],
    ] as [[Double]])
  func whatIsNoDistribution(weights: [Double]) {
    #expect(EmotionDistribution(probabilities: weights) == nil)
  }

  @Test func rejectsAreJudgedInTheirOrder() {
    #expect(
      RejectCode.allCases.map(\.rawValue) == [
        "bad_event", "too_large", "out_of_window", "unknown_course", "erased", "no_consent", "sequence_reused",
        "bad_image", "decoder_crash", "unstorable",
      ])
    #expect(RejectCode.badEvent < .badImage)
  }
}
