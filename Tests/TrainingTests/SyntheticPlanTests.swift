import LearningEvents
import OpenCV
import Recognition
import Testing
import Training

@Suite struct SyntheticPlanTests {
  @Test func printedCountsByDefault() {
    let plan = SyntheticPlan(subjects: SyntheticSubjects(seed: 1))
    let items = plan.items
    #expect(items.count == 2027)
    for (emotion, count) in zip(Emotion.allCases, [406, 306, 367, 298, 278, 372]) {
      #expect(items.count { $0.emotion == emotion } == count)
    }
    #expect(Set(items.map(\.name)).count == 2027)
    #expect(items[0].name == "subject-000-focused-0000")
  }

  /// Every subject has nearly as many pictures as any other, of every emotion.
  @Test func subjectsShareFairly() {
    let items = SyntheticPlan(subjects: SyntheticSubjects(seed: 1, count: 30)).items
    for emotion in Emotion.allCases {
      let shares = (0..<30).map { subject in items.count { $0.subject == subject && $0.emotion == emotion } }
      #expect(shares.max()! - shares.min()! <= 1)
    }
    let shares = (0..<30).map { subject in items.count { $0.subject == subject } }
    #expect(shares.max()! - shares.min()! <= 3)
  }

  @Test(arguments: [0, 1, 5, 60, 600, 1655, 2027, 10_000])
  func anyTotalInTheSameProportions(_ total: Int) {
    let counts = SyntheticPlan.counts(of: total)
    #expect(counts.reduce(0, +) == total)
    for (count, printed) in zip(counts, SyntheticPlan.printedCounts) {
      #expect(abs(Double(count) - Double(total) * Double(printed) / 2027) < 1)
    }
  }

  @Test func drawsWhatTheRendererDraws() throws {
    let plan = SyntheticPlan(subjects: SyntheticSubjects(seed: 5, count: 3), counts: [1, 0, 0, 0, 0, 1])
    let finder = FaceFinder(detector: try CascadeFaceDetector())
    for item in plan.items {
      let (picture, face) = try plan.draw(item, finder: finder)
      let again = SyntheticFaceRenderer().render(
        learner: plan.subjects[item.subject], frame: item.frame, scene: .face(item.emotion), nuisance: .room)
      #expect(picture.image == again.image && picture.emotion == item.emotion)
      #expect(face != nil)
    }
  }
}
