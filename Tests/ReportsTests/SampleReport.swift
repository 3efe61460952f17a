import Analytics
import LearningEvents
import Persistence
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
    let segments = (0..<count).map { index -> ReleasedSegment in
      let hidden = count >= 6 && (index == 2 || index == count - 2)
      let wave = Int64([3, 8, -4, -9, 5, 1, -6, 2][index % 8]) * 100
      let name = titles[index % titles.count] + (index >= titles.count ? " (\(index / titles.count + 1))" : "")
      return ReleasedSegment(
        id: Int64(100 + index), ordinal: Int32(index + 1), title: name,
        metrics: hidden ? [:] : figures(wave, &random), minutes: hidden ? [:] : minuteList(minutes, wave, &random))
    }
    let course = ReleasedCourse(
      id: 7, title: title, segments: segments,
      released: EventTime(rfc3339: "2026-11-16T08:00:00Z")!...EventTime(rfc3339: "2026-11-23T08:00:00Z")!,
      weightsVersions: [1],
      models: [
        ReportedModel(
          id: "3f9a51c07be2d84455aa90cc1b7e6d2f8091a2b3c4d5e6f708192a3b4c5d6e7f", name: "drsn18, planes",
          isTrained: trained)
      ], totals: IngestTotals(stored: 11_842, rejected: 37, duplicates: 121))
    return CourseInterestReport(
      course,
      context: ReportContext(
        deployment: .init(region: "CH", purpose: "demonstration"), framesAreSynthetic: synthetic, cohortMinimum: 10),
      madeAt: EventTime(rfc3339: "2026-11-23T14:05:09.25Z")!)
  }

  private static func figures(_ wave: Int64, _ random: inout Generator) -> [Metric: ReleasedMetric] {
    let emotions = shares(wave, &random)
    let concentration = 5800 + wave + random.below(300)
    return emotionMetrics(emotions, learners: 20).merging(
      [
        .coverage: metric(7600 + random.below(1800)), .concentration: metric(concentration, 400),
        .concentrationLow: metric(concentration - 17 * emotions[3] / 100),
        .concentrationHigh: metric(concentration + 17 * emotions[3] / 100), .engagement: metric(5500 + wave, 500),
        .onTask: metric(emotions[0] + emotions[2] + emotions[3], 600),
        .interest: metric(wave, 300 + random.below(200)), .confusionEpisodes: metric(12_000),
      ], uniquingKeysWith: { $1 })
  }

  private static func minuteList(
    _ count: Int, _ wave: Int64, _ random: inout Generator
  ) -> [Int32: [Metric: ReleasedMetric]] {
    var minutes: [Int32: [Metric: ReleasedMetric]] = [:]
    for index in 0..<count {
      var metrics = emotionMetrics(shares(wave, &random), learners: 15)
      metrics[.concentration] = metric(5600 + wave + random.below(900), learners: 15)
      // The fourth minute of a long segment is missing, as a suppressed one would be.
      if count <= 5 || index != 3 { minutes[Int32(index)] = metrics }
    }
    return minutes
  }

  private static func emotionMetrics(_ shares: [Int64], learners: Int32) -> [Metric: ReleasedMetric] {
    Dictionary(
      uniqueKeysWithValues: zip(LearnerMetrics.shares, shares).map { ($0.1, metric($1, 300, learners: learners)) })
  }

  /// Six shares that sum to 10000.
  private static func shares(_ wave: Int64, _ random: inout Generator) -> [Int64] {
    var shares = [3000, 1500, 1700 + wave, 1400 - wave / 2, 1100, 0].map { $0 + random.below(200) }
    shares[5] = 10_000 - shares[0...4].reduce(0, +)
    return shares
  }

  private static func metric(_ mean: Int64, _ half: Int64 = 0, learners: Int32 = 20) -> ReleasedMetric {
    ReleasedMetric(learners: learners, mean: mean, interval: mean - half...mean + half)
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
