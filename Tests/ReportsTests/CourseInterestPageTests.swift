import Analytics
import LearningEvents
import Markup
import Persistence
import Reports
import Testing

@Suite struct CourseInterestPageTests {
  static let hostile = "</title></text><script>alert(1)</script><img src=x onerror=alert(2)>\" ' & \u{202E}\u{0}"

  @Test func theOutlineIsWhatWasAgreed() throws {
    let page = try Outline(CourseInterestPage(SampleReport.make()).rendered())
    #expect(
      page.headings == [
        "h1 Calculus I: differentiation", "h2 At a glance", "h2 Interest", "h2 Concentration",
        "h2 Engagement and time on task", "h2 Confusion", "h2 The six emotions",
        "h2 Through the course, minute by minute", "h2 Coverage, and what is not shown", "h2 Method", "h3 Source",
        "h3 Limits", "h2 Legal notice",
      ])
    #expect(
      page.ids(of: "figure") == [
        "chart-interest", "chart-concentration", "chart-engagement", "chart-on-task", "chart-confusion",
        "chart-emotions", "chart-timeline", "chart-coverage",
      ])
    #expect(page.count("svg", class: "chart wide") == 8 && page.count("svg", class: "chart narrow") == 8)
    #expect(page.count("table") == 8)
    let ids = page.elements.compactMap { $0.attributes["id"] }
    #expect(Set(ids).count == ids.count, "an id stands twice")
  }

  @Test func theSameReportIsTheSameBytes() {
    let page = CourseInterestPage(SampleReport.make())
    #expect(page.rendered() == CourseInterestPage(SampleReport.make()).rendered())
  }

  @Test func hostileTextChangesNothingButText() throws {
    let plain = SampleReport.make()
    var hostile = plain
    hostile.course.title = Self.hostile
    for index in hostile.segments.indices { hostile.segments[index].title = "\(index) \(Self.hostile)" }
    hostile.models = [ReportedModel(id: ModelID(Self.hostile), name: Self.hostile, isTrained: false)]
    hostile.deployment = .init(region: Self.hostile, purpose: Self.hostile, basis: nil)
    hostile.period?.firstDay = Self.hostile
    hostile.period?.lastDay = Self.hostile
    hostile.madeAt = Self.hostile
    hostile.released = .init(first: Self.hostile, last: Self.hostile)
    let (before, after) = try (
      Outline(CourseInterestPage(plain).rendered()), Outline(CourseInterestPage(hostile).rendered())
    )
    // Titles cut to fit gain a <title> of their own; nothing else may differ.
    func shape(_ outline: Outline) -> [String] {
      outline.elements.filter { $0.name != "title" }.map { "\($0.name) \($0.attributes.keys.sorted())" }
    }
    #expect(shape(before) == shape(after))
    let reorders = CourseInterestPage(hostile).rendered().contains("\u{202E}")
    #expect(!reorders)
  }

  /// The first and the last time of release stand on the page, in minutes.
  @Test func theTimesOfReleaseAreSaid() {
    var report = SampleReport.make()
    #expect(CourseInterestPage(report).rendered().contains("2026-11-16 08:00 UTC to 2026-11-23 08:00 UTC"))
    report.released?.first = "2026-11-23T08:00:59Z"
    #expect(CourseInterestPage(report).rendered().contains(">2026-11-23 08:00 UTC<"))
    // A report that was kept by an older program has days alone.
    report.released = nil
    #expect(CourseInterestPage(report).rendered().contains("2026-11-16 to 2026-11-23"))
    report.period = nil
    #expect(CourseInterestPage(report).rendered().contains("nothing yet"))
  }

  /// Counters of frames are of now: where the figures are older, the page says of when they are and what waits.
  @Test(arguments: [(0, "fewer than 5 sessions wait"), (15, "15 or more sessions wait")] as [(Int64, String)])
  func figuresThatAreOlderThanTheCountersSaySo(sessions: Int64, words: String) throws {
    var report = SampleReport.make()
    #expect(!CourseInterestPage(report).rendered().contains("to be counted"))
    report.backlog = .init(countedUntil: "2026-11-23T13:41:07.5Z", sessions: sessions)
    let page = CourseInterestPage(report).rendered()
    #expect(page.contains("The figures are of 2026-11-23 13:41 UTC: \(words) to be counted since."))
    #expect(page.contains("The numbers of frames are of 2026-11-23 14:05 UTC."))
    #expect(page.contains("2026-11-23 13:41 UTC; \(words) to be counted"))
  }

  @Test func nothingRunsAndNothingIsFetched() throws {
    let page = CourseInterestPage(SampleReport.make()).rendered()
    let outline = try Outline(page)
    #expect(!outline.elements.contains { ["script", "img", "iframe", "object", "form", "link"].contains($0.name) })
    #expect(!outline.elements.contains { $0.attributes["style"] != nil || $0.attributes["src"] != nil })
    #expect(outline.elements.compactMap { $0.attributes["href"] } == ["https://doi.org/10.18280/ts.410120"])
  }

  @Test(arguments: [(false, true), (false, false), (true, true)])
  func aDemonstrationSaysSoFirst(_ trained: Bool, _ synthetic: Bool) throws {
    let page = CourseInterestPage(SampleReport.make(trained: trained, synthetic: synthetic)).rendered()
    let banner = try #require(page.firstRange(of: "class=\"banner\""))
    let firstFigure = try #require(page.firstRange(of: "At a glance"))
    #expect(banner.lowerBound < firstFigure.lowerBound)
    #expect(page.contains("they demonstrate the software and say nothing about anyone"))
    #expect(page.contains("untrained network") == !trained)
    #expect(page.contains("rendered faces") == synthetic)
  }

  @Test func aRealReportHasNoBanner() {
    let page = CourseInterestPage(SampleReport.make(trained: true, synthetic: false)).rendered()
    #expect(!page.contains("class=\"banner\"") && !page.contains("untrained"))
  }

  @Test func whatIsWithheldIsNamedAndNotShown() throws {
    let page = CourseInterestPage(SampleReport.make()).rendered()
    #expect(page.contains("fewer than 10 learners: not shown"))
    #expect(page.contains("2 segments are not shown"))
    let none = CourseInterestPage(SampleReport.make(segments: 0)).rendered()
    #expect(none.contains("Nothing can be shown yet") && !none.contains("<figure"))
  }

  @Test(arguments: [1, 2, 6, 40])
  func anyNumberOfSegmentsRenders(_ segments: Int) throws {
    for minutes in [0, 1, 12] {
      _ = try Outline(CourseInterestPage(SampleReport.make(segments: segments, minutes: minutes)).rendered())
    }
  }

  @Test func theSummaryClaimsNoMoreThanTheIntervals() {
    var report = SampleReport.make(segments: 3, minutes: 0)
    func set(_ index: Int, _ mean: Int64, _ half: Int64) {
      report.segments[index].figures?.interest = .init(mean: mean, low: mean - half, high: mean + half)
    }
    set(0, 100, 1000)
    set(1, 0, 1000)
    set(2, -100, 1000)
    #expect(CourseInterestPage(report).rendered().contains("no segment stands out"))
    set(0, 5000, 100)
    #expect(CourseInterestPage(report).rendered().contains("The interval of the first overlaps no other."))
    set(1, 4850, 100)
    #expect(CourseInterestPage(report).rendered().contains("overlaps 1 other, so the order among these"))
  }

  @Test func methodAndLawAreThere() {
    let page = CourseInterestPage(SampleReport.make()).rendered()
    for part in ["10.18280/ts.410120", "Sun, Liu and Qian", "0.67", "version 1", "AI Act", "demonstration", "CH"] {
      #expect(page.contains(part), "\(part)")
    }
  }

  private static func text(_ pieces: [WeightFormulas.Piece]) -> String {
    pieces.map { piece in
      switch piece {
      case .text(let text): text
      case .share(let emotion): "q_\(emotion.name)"
      }
    }.joined()
  }

  @Test func theFormulasAreThoseOfTheWeightsInUse() {
    #expect(
      WeightFormulas(.version1).all.map(Self.text) == [
        "Concentration = 100 · (1.00 q_focused + 0.67 q_curious + 0.67 q_happy + 0.50 q_confused + 0.33 q_tired)",
        "Engagement = 100 · (1 + q_focused + q_curious + q_happy − q_distracted − q_tired) / 2",
        "On task = q_focused + q_curious + q_confused",
        "Interest = (q_curious + q_happy) here − (q_curious + q_happy) over the course",
      ])
    #expect(WeightFormulas(.version1).band == "confusion as 0.33 and 0.67")
    let formulas = WeightFormulas(Self.version2)
    #expect(
      formulas.all.map(Self.text) == [
        "Concentration = 100 · (0.90 q_focused + 0.05 q_happy)",
        "Engagement = 100 · (1 + 1.00 q_focused − 0.50 q_tired) / 2",
        "On task = −q_distracted", "Interest = (q_curious) here − (q_curious) over the course",
      ])
    #expect(formulas.band == "confusion as 0.10 and 0.20, tired as 0.00 and 1.00")
  }

  private static let version2 = MetricWeights(
    version: 2,
    concentration: .init(focused: 90, distracted: 0, curious: 0, confused: 0, tired: 0, happy: 5),
    concentrationLow: .init(focused: 90, distracted: 0, curious: 0, confused: 10, tired: 0, happy: 5),
    concentrationHigh: .init(focused: 90, distracted: 0, curious: 0, confused: 20, tired: 100, happy: 5),
    engagement: .init(focused: 100, distracted: 0, curious: 0, confused: 0, tired: -50, happy: 0),
    onTask: .init(focused: 0, distracted: -100, curious: 0, confused: 0, tired: 0, happy: 0),
    interest: .init(focused: 0, distracted: 0, curious: 100, confused: 0, tired: 0, happy: 0))

  @Test func aPagePrintsTheFormulasOfItsVersionOrNone() {
    var report = SampleReport.make()
    report.weightsVersion = 2
    let page = CourseInterestPage(report, weights: [.version1, Self.version2]).rendered()
    #expect(page.contains("version 2:") && page.contains("100 · (0.90 ") && !page.contains("100 · (1.00 "))
    let unknown = CourseInterestPage(report).rendered()
    #expect(unknown.contains("version 2, whose formulas this program does not know.") && !unknown.contains("100 · ("))
    report.weightsVersion = 1
    let first = CourseInterestPage(report).rendered()
    #expect(
      first.contains("<p class=\"formula\">Concentration = 100 · (1.00 <em>q</em><sub>focused</sub> + 0.67 "))
    #expect(first.contains("counts confusion as 0.33 and 0.67. A segment’s figure"))
  }
}
