import Analytics
import Foundation
import LearningEvents
import Persistence
import Reports
import Testing

@Suite struct CourseInterestReportTests {
  static let context = ReportContext(
    deployment: .init(region: "CH", purpose: "demonstration"), framesAreSynthetic: true, cohortMinimum: 10)

  static func metrics(without missing: Metric? = nil) -> [Metric: ReleasedMetric] {
    var metrics: [Metric: ReleasedMetric] = [:]
    for (index, metric) in Metric.allCases.enumerated() where metric != missing {
      let mean = Int64(index + 1) * 100
      metrics[metric] = ReleasedMetric(learners: 15, mean: mean, interval: mean - 50...mean + 50)
    }
    return metrics
  }

  static func course(_ segments: [ReleasedSegment]) -> ReleasedCourse {
    ReleasedCourse(
      id: 7, title: "T", segments: segments,
      released: EventTime(rfc3339: "2026-11-22T23:00:00Z")!...EventTime(rfc3339: "2026-11-23T01:00:00Z")!,
      weightsVersions: [1], models: [ReportedModel(id: "ab", name: "n", isTrained: false)],
      totals: IngestTotals(stored: 3, rejected: 2, duplicates: 1),
      backlog: ReportBacklog(countedUntil: EventTime(rfc3339: "2026-11-23T13:00:00Z")!, sessions: 10))
  }

  @Test func releasedCellsBecomeFigures() throws {
    let segment = ReleasedSegment(
      id: 3, ordinal: 2, title: "S", metrics: Self.metrics(), minutes: [4: Self.metrics(), 0: Self.metrics()])
    let time = try #require(EventTime(rfc3339: "2026-11-23T10:00:00Z"))
    let report = CourseInterestReport(Self.course([segment]), context: Self.context, madeAt: time)
    #expect(report.period?.firstDay == "2026-11-22" && report.period?.lastDay == "2026-11-23")
    #expect(report.frames == IngestTotals(stored: 3, rejected: 2, duplicates: 1))
    #expect(report.backlog == .init(countedUntil: "2026-11-23T13:00:00Z", sessions: 10))
    #expect(report.weightsVersion == 1 && report.demonstrationNotice != nil)
    let made = try #require(report.segments.first)
    let figures = try #require(made.figures)
    #expect(made.ordinal == 2 && made.minutes.map(\.index) == [0, 4])
    // The means count up in the order of the metrics.
    #expect(figures.learners == 15 && figures.coverage == 100 && figures.concentration.mean == 200)
    #expect(figures.concentrationLow == 300 && figures.concentrationHigh == 400)
    #expect(figures.interest == .init(mean: 700, low: 650, high: 750))
    #expect(figures.emotions == [800, 900, 1000, 1100, 1200, 1300] && figures.confused.mean == 1100)
    #expect(made.minutes[0].concentration == 200 && made.minutes[0].emotions == figures.emotions)
  }

  @Test(arguments: [Metric.concentration, .interest, .coverage, .happy])
  func anIncompleteSegmentShowsNothingAtAll(_ missing: Metric) {
    let segment = ReleasedSegment(
      id: 3, ordinal: 2, title: "S", metrics: Self.metrics(without: missing), minutes: [0: Self.metrics()])
    let report = CourseInterestReport(Self.course([segment]), context: Self.context, madeAt: .earliest)
    #expect(report.segments.first?.figures == nil && report.segments.first?.minutes.isEmpty == true)
  }

  @Test func jsonIsSortedStableAndReadBack() throws {
    let report = SampleReport.make()
    let json = try report.json()
    #expect(json == (try SampleReport.make().json()))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    #expect(try decoder.decode(CourseInterestReport.self, from: Data(json)) == report)
    let object = try #require(JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
    #expect(
      object.keys.sorted() == [
        "cohort_minimum", "course", "deployment", "format_version", "frames", "frames_are_synthetic", "made_at",
        "models", "period", "released", "segments", "weights_version",
      ])
    let text = String(decoding: json, as: UTF8.self)
    #expect(!text.lowercased().contains("learner_id") && !text.contains("session"))
  }

  @Test func anEstimateIsAlwaysInOrder() {
    #expect(CourseInterestReport.Estimate(mean: 5, low: 9, high: 7) == .init(mean: 5, low: 5, high: 9))
  }
}
