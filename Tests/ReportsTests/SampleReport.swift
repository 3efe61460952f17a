import LearningEvents
import Reports

/// Made-up reports for tests: plausible figures from a small generator, the same everywhere.
enum SampleReport {
  static let titles = [
    "Why derivatives? A car on a motorway", "The limit of a difference quotient",
    "Rules of differentiation: sums, products, quotients and the chain rule, with worked examples from mechanics",
    "Exercises in pairs", "Extrema and inflection points", "Break-out: optimising a tin can", "Newton’s method",
    "Questions and outlook",
  ]

  /// - Parameters:
  ///   - segments: how many segments the course has; the third and the last but one of six or more are not shown.
  ///   - minutes: minutes in each segment.
  static func make(
    segments count: Int = 8, minutes: Int = 6, title: String = "Calculus I: differentiation", trained: Bool = false,
    synthetic: Bool = true
  ) -> CourseInterestReport {
    var random = Generator(state: 2024)
    let segments = (0..<count).map { index -> CourseInterestReport.Segment in
      let hidden = count >= 6 && (index == 2 || index == count - 2)
      let wave = Int64([3, 8, -4, -9, 5, 1, -6, 2][index % 8]) * 100
      let name = titles[index % titles.count] + (index >= titles.count ? " (\(index / titles.count + 1))" : "")
      return CourseInterestReport.Segment(
        id: Int64(100 + index), ordinal: index + 1, title: name,
        figures: hidden ? nil : figures(wave, &random),
        minutes: hidden ? [] : minuteList(minutes, wave, &random))
    }
    return CourseInterestReport(
      course: .init(id: 7, title: title), period: .init(firstDay: "2026-11-16", lastDay: "2026-11-23"),
      madeAt: "2026-11-23T14:05:09.25Z",
      models: [
        .init(
          id: "3f9a51c07be2d84455aa90cc1b7e6d2f8091a2b3c4d5e6f708192a3b4c5d6e7f", name: "drsn18, planes",
          isTrained: trained)
      ], framesAreSynthetic: synthetic, deployment: .init(region: "CH", purpose: "demonstration"),
      frames: .init(stored: 11_842, rejected: 37, duplicates: 121), cohortMinimum: 10, weightsVersion: 1,
      segments: segments)
  }

  private static func figures(_ wave: Int64, _ random: inout Generator) -> CourseInterestReport.Figures {
    let emotions = shares(wave, &random)
    let concentration = 5800 + wave + random.below(300)
    return CourseInterestReport.Figures(
      learners: 20, coverage: 7600 + random.below(1800), concentration: estimate(concentration, 400),
      concentrationLow: concentration - 17 * emotions[3] / 100,
      concentrationHigh: concentration + 17 * emotions[3] / 100,
      engagement: estimate(5500 + wave, 500), onTask: estimate(emotions[0] + emotions[2] + emotions[3], 600),
      interest: estimate(wave, 300 + random.below(200)), emotions: emotions, confused: estimate(emotions[3], 300),
      confusionEpisodes: 12_000)
  }

  private static func minuteList(
    _ count: Int, _ wave: Int64, _ random: inout Generator
  ) -> [CourseInterestReport.Minute] {
    (0..<count).compactMap { index in
      let emotions = shares(wave, &random)
      let concentration = 5600 + wave + random.below(900)
      // The fourth minute of a long segment is missing, as a suppressed one would be.
      return count > 5 && index == 3
        ? nil : .init(index: index, learners: 15, concentration: concentration, emotions: emotions)
    }
  }

  /// Six shares that sum to 10000.
  private static func shares(_ wave: Int64, _ random: inout Generator) -> [Int64] {
    var shares = [3000, 1500, 1700 + wave, 1400 - wave / 2, 1100, 0].map { $0 + random.below(200) }
    shares[5] = 10_000 - shares[0...4].reduce(0, +)
    return shares
  }

  private static func estimate(_ mean: Int64, _ half: Int64) -> CourseInterestReport.Estimate {
    .init(mean: mean, low: mean - half, high: mean + half)
  }

  /// Knuth's MMIX congruence.
  struct Generator {
    var state: UInt64

    mutating func below(_ bound: Int64) -> Int64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int64(state >> 33) % bound
    }
  }
}
