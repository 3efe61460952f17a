import Foundation
import LearningEvents
import Recognition
import Testing

@Suite struct FeatureBoundsTests {
  @Test func scalesAndClips() {
    let bounds = FeatureBounds(minimum: -2, maximum: 6)
    #expect(bounds.normalized([-2, 6, 2, -3, 7, 0]) == [0, 1, 0.5, 0, 1, 0.25])
  }

  @Test func equalBoundsGiveZero() {
    #expect(FeatureBounds(minimum: 3, maximum: 3).normalized([3, 2, 9]) == [0, 0, 0])
  }

  @Test func extremeBoundsStayFinite() {
    let largest = Float.greatestFiniteMagnitude
    #expect(FeatureBounds(minimum: -largest, maximum: largest).normalized([0, largest, .nan]) == [0.5, 1, 0])
  }

  @Test func learnsFromValues() {
    #expect(FeatureBounds(of: [3, -1, 2]) == FeatureBounds(minimum: -1, maximum: 3))
    #expect(FeatureBounds(of: []) == nil)
    #expect(FeatureBounds(of: [1, .nan]) == nil)
    #expect(FeatureBounds(of: [1, .infinity]) == nil)
    #expect(
      FeatureBounds(minimum: 0, maximum: 1).union(FeatureBounds(minimum: -1, maximum: 0.5))
        == FeatureBounds(minimum: -1, maximum: 1))
  }
}

@Suite struct SoftmaxTests {
  @Test func isShiftedAndTempered() throws {
    let plain = Softmax.probabilities([1000, 1000 + Float(log(3.0))], temperature: 1)
    #expect(abs(plain[0] - 0.25) < 1e-4)
    #expect(abs(plain[1] - 0.75) < 1e-4)
    let flat = Softmax.probabilities([0, Float(log(9.0))], temperature: 2)
    #expect(abs(flat[0] - 0.25) < 1e-6)
  }

  @Test func refusesWhatIsNoAnswer() {
    #expect(Softmax.distribution([0, 0, 0, 0, 0], temperature: 1) == nil)
    #expect(Softmax.distribution([0, 0, 0, 0, 0, .nan], temperature: 1) == nil)
    #expect(Softmax.distribution([0, 0, 0, 0, 0, .infinity], temperature: 1) == nil)
  }

  @Test func givesTenThousandths() throws {
    let distribution = try #require(Softmax.distribution([0, 9, 0, 0, 0, 0], temperature: 1))
    #expect(distribution.label == .distracted)
    #expect(distribution.tenThousandths.reduce(0, +) == 10_000)
  }
}
