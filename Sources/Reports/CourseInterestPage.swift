package import Analytics
import LearningEvents
package import Markup
import Persistence

/// The HTML form of a course-interest report.
package struct CourseInterestPage: Sendable {
  let report: CourseInterestReport
  /// Nil for weights of a version that this program does not have.
  let formulas: WeightFormulas?

  /// - Parameter weights: the known versions of the weights.
  package init(_ report: CourseInterestReport, weights: [MetricWeights] = MetricWeights.all) {
    self.report = report
    formulas = weights.first { Int($0.version) == report.weightsVersion }.map(WeightFormulas.init)
  }

  /// The document. With `.inline` styles the file stands alone; a server links its own stylesheet.
  package func rendered(styles: Page.Styles = .inline(Theme.all)) -> String {
    Page.rendered(title: "Course interest: \(report.course.title)", styles: styles) {
      header
      tag("main") {
        if let notice = report.demonstrationNotice { banner(notice) }
        if let backlog = report.backlog { stale(backlog) }
        overview
        if report.shownSegments.isEmpty {
          nothingToShow
        } else {
          interest
          concentration
          engagement
          confusion
          emotions
          timeline
        }
        coverage
        method
        law
      }
      tag("footer", .class("page")) {
        tag("p", text: "Lectern course-interest report, format \(report.formatVersion). No learner is named or scored.")
      }
    }
  }

  private var header: Markup {
    tag("header", .class("page")) {
      tag("p", .class("eyebrow"), text: "Course-interest report")
      tag("h1", .class("isolate"), text: Escaping.singleLine(report.course.title))
      tag("dl", .class("meta")) {
        term("Released", Self.released(report))
        if let backlog = report.backlog { term("Figures of", Self.text(backlog)) }
        term("Made", Self.text(time: report.madeAt))
        for model in report.models {
          term("Network", Self.text(model))
        }
        term("Deployment", Self.text(report.deployment))
      }
    }
  }

  private func banner(_ notice: String) -> Markup {
    tag("div", .class("banner"), Attribute("role", "note")) {
      tag("p") { tag("strong", text: notice) }
    }
  }

  /// Says that the counters of frames below are newer than the figures.
  private func stale(_ backlog: CourseInterestReport.Backlog) -> Markup {
    tag("div", .class("banner"), Attribute("role", "note")) {
      tag(
        "p",
        text: """
          The figures are of \(Self.text(time: backlog.countedUntil)): \(Self.waiting(backlog)) to be counted since. \
          The numbers of frames are of \(Self.text(time: report.madeAt)).
          """)
    }
  }

  private var overview: Markup {
    tag("section", Attribute("aria-labelledby", "overview")) {
      tag("h2", .id("overview"), text: "At a glance")
      tag("dl", .class("facts")) {
        fact("Learners", learners, "in the largest shown segment, rounded down to fives")
        fact(
          "Segments shown", "\(report.shownSegments.count) of \(report.segments.count)",
          report.shownSegments.count == report.segments.count
            ? "none is below the cohort minimum" : "the others are below the cohort minimum")
        fact("Coverage", meanCoverage, "of the expected time has a usable face, mean of the shown segments")
        fact("Frames stored", ReportFormat.count(report.frames.stored), "all courses of this deployment")
        fact("Rejected", ReportFormat.count(report.frames.rejected), "unusable or not permitted")
        fact("Duplicates", ReportFormat.count(report.frames.duplicates), "delivered again, counted once")
      }
      if !report.shownSegments.isEmpty {
        tag("p", text: ReportSummary(report).text)
      }
    }
  }

  private var nothingToShow: Markup {
    tag("section") {
      tag("h2", text: "Nothing can be shown yet")
      tag(
        "p",
        text: """
          Figures appear once a segment has at least \(report.cohortMinimum) learners whose faces were visible for half \
          of the time or more, and once the aggregator has released it.
          """)
      intervalNote.map { tag("p", text: $0) } ?? .empty
    }
  }

  private var learners: String {
    report.shownSegments.map(\.figures.learners).max().map { ReportFormat.count(Int64($0)) } ?? "–"
  }

  private var meanCoverage: String {
    let values = report.shownSegments.map(\.figures.coverage)
    guard !values.isEmpty else { return "–" }
    return Decimal2.fixed(ReportFormat.points(values.reduce(0, +) / Int64(values.count)), decimals: 0) + " %"
  }

  @MarkupBuilder
  private func term(_ name: String, _ value: String) -> [Markup] {
    tag("dt", text: name)
    tag("dd", .class("isolate"), text: Escaping.singleLine(value))
  }

  private func fact(_ name: String, _ value: String, _ note: String) -> Markup {
    tag("div") {
      tag("dt", text: name)
      tag("dd") {
        value
        tag("small", text: note)
      }
    }
  }

  /// First and last time of release, in minutes; of a report that was kept before it had times, the days.
  private static func released(_ report: CourseInterestReport) -> String {
    guard let released = report.released else {
      return report.period.map { $0.firstDay == $0.lastDay ? $0.firstDay : "\($0.firstDay) to \($0.lastDay)" }
        ?? "nothing yet"
    }
    let (first, last) = (text(time: released.first), text(time: released.last))
    return first == last ? last : "\(first) to \(last)"
  }

  private static func text(_ backlog: CourseInterestReport.Backlog) -> String {
    "\(text(time: backlog.countedUntil)); \(waiting(backlog)) to be counted"
  }

  private static func waiting(_ backlog: CourseInterestReport.Backlog) -> String {
    backlog.sessions == 0
      ? "fewer than 5 sessions wait" : "\(ReportFormat.count(backlog.sessions)) or more sessions wait"
  }

  /// `2026-11-23T12:34:56.5Z` as `2026-11-23 12:34 UTC`; anything else unchanged.
  private static func text(time: String) -> String {
    guard time.count >= 17, time.hasSuffix("Z") else { return time }
    return time.prefix(16).replacing("T", with: " ") + " UTC"
  }

  private static func text(_ model: ReportedModel) -> String {
    let name = model.name.isEmpty ? "unnamed" : Escaping.singleLine(model.name)
    return "\(name), \(model.id.text.prefix(12))\(model.isTrained ? "" : ", untrained")"
  }

  private static func text(_ deployment: CourseInterestReport.Deployment) -> String {
    let basis = deployment.basis.map { ", basis \(Escaping.singleLine($0))" } ?? ""
    return "\(deployment.purpose), \(deployment.region)\(basis)"
  }
}
