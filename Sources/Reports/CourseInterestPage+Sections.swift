import Analytics
import LearningEvents
import Markup

// The sections with figures, in the order of the page.
extension CourseInterestPage {
  var interest: Markup {
    section(
      "interest", "Interest",
      "How much more curious or happy the network found learners in a segment than over the whole course, each learner "
        + "compared with themselves, in points. Segments whose intervals overlap may in truth stand in another order."
    ) {
      let ranking = InterestRanking(report)
      let byID = Dictionary(report.segments.map { ($0.id, $0) }) { first, _ in first }
      let ranked = ranking.places.compactMap { place in
        byID[place.entry.segment].map { segment in
          ChartRow(
            label: "\(place.rank). \(SegmentLabel.title(segment))",
            value: estimate(place.entry.mean, place.entry.interval))
        }
      }
      IntervalChart(
        title: "Interest by segment, from the most to the least", rows: ranked + hiddenRows,
        reference: (0, "the learner’s own mean over the course"), valueName: "Interest"
      ).figure(
        id: "chart-interest", caption: "Dots are means over learners, lines their 95 % bootstrap intervals by learner.")
      overlaps(ranking, byID)
    }
  }

  /// Where neighbours in the ranking cannot be told apart.
  private func overlaps(
    _ ranking: InterestRanking, _ byID: [Int64: CourseInterestReport.Segment]
  ) -> Markup {
    let places = ranking.places
    guard places.count > 1 else { return .empty }
    return tag("details") {
      tag("summary", text: "Which intervals overlap")
      tag("ul", .class("notes")) {
        for place in places {
          let name = byID[place.entry.segment].map(ReportSummary.quoted) ?? ""
          let others = place.overlapping.compactMap { byID[$0].map(ReportSummary.quoted) }
          if others.isEmpty {
            tag("li", .class("isolate"), text: "\(name) overlaps no other segment.")
          } else if others.count == places.count - 1 {
            tag("li", .class("isolate"), text: "\(name) overlaps every other segment.")
          } else {
            tag("li", .class("isolate"), text: "\(name) overlaps \(ReportFormat.list(others)).")
          }
        }
      }
    }
  }

  var concentration: Markup {
    section(
      "concentration", "Concentration",
      "A weighted mean of the six emotions, 0 to 100. The band shows how far it moves if confusion counts as "
        + "concentrating less or more, which nobody knows for certain."
    ) {
      IntervalChart(
        title: "Concentration by segment",
        rows: rows { figures in
          let ends = [figures.concentrationLow, figures.concentrationHigh].sorted()
          return (figures.concentration, ends[0]...ends[1])
        }, axis: 0...100, valueName: "Concentration", bandName: "band for the weight of confusion"
      ).figure(id: "chart-concentration", caption: "In the order of the course. 100 would be every moment focused.")
    }
  }

  var engagement: Markup {
    section(
      "engagement", "Engagement and time on task",
      "Engagement sets focus, curiosity and happiness against distraction and tiredness; 50 is neutral. On task is the "
        + "share of focused, curious and confused together."
    ) {
      IntervalChart(
        title: "Engagement by segment", rows: rows { ($0.engagement, nil) }, axis: 0...100,
        reference: (50, "neutral"), valueName: "Engagement"
      ).figure(id: "chart-engagement", caption: "Engagement, 0 to 100, in the order of the course.")
      IntervalChart(
        title: "Time on task by segment, per cent", rows: rows { ($0.onTask, nil) }, axis: 0...100,
        valueName: "On task, %"
      ).figure(id: "chart-on-task", caption: "Share of time on task, in per cent.")
    }
  }

  var confusion: Markup {
    section(
      "confusion", "Confusion",
      "The share of time the network found learners confused. Confusion is often part of learning; a segment far above "
        + "its neighbours may deserve another look at its explanation."
    ) {
      IntervalChart(
        title: "Confusion by segment, per cent", rows: rows { ($0.confused, nil) }, axis: 0...40,
        valueName: "Confused, %"
      ).figure(id: "chart-confusion", caption: "Share of time confused, in per cent, in the order of the course.")
    }
  }

  var emotions: Markup {
    section(
      "emotions", "The six emotions",
      "The mean of the network’s probabilities over time and learners. They are estimates from faces, not what people "
        + "felt."
    ) {
      StackedBarChart(
        title: "Emotions by segment", categories: Emotion.allCases.map(\.name),
        rows: report.segments.map { segment in
          .init(
            label: SegmentLabel.numbered(segment),
            value: segment.figures.map { $0.emotions.map(ReportFormat.share) }, note: hiddenNote)
        }
      ).figure(
        id: "chart-emotions",
        caption: "Each bar is one segment; the parts stand in the order of the key. Numbers are per cent.")
    }
  }

  @MarkupBuilder
  var timeline: [Markup] {
    if report.segments.contains(where: { !$0.minutes.isEmpty }) {
      section(
        "timeline", "Through the course, minute by minute",
        "Minutes in which at least \(report.cohortMinimum) learners were visible. A line breaks where a minute is not "
          + "shown, and is faint from one segment to the next."
      ) {
        TimelineChart(
          title: "Concentration and confusion by minute", series: ["Concentration", "Confused, %"],
          segments: report.segments.map { segment in
            let last = segment.minutes.map(\.index).max() ?? -1
            let byIndex = Dictionary(segment.minutes.map { ($0.index, $0) }) { first, _ in first }
            // A bound, because an index comes from the data and this makes a row for every minute up to it.
            return .init(
              number: "\(segment.ordinal)", title: SegmentLabel.title(segment),
              minutes: (0..<min(last + 1, 600)).map { index in
                byIndex[index].map { minute in
                  [
                    ReportFormat.points(minute.concentration),
                    ReportFormat.points(minute.emotions[Emotion.confused.rawValue]),
                  ]
                }
              })
          }
        ).figure(id: "chart-timeline", caption: "Segments stand side by side, as wide as they have minutes.")
      }
    }
  }

  var coverage: Markup {
    let hidden = report.segments.filter { $0.figures == nil }
    return section(
      "coverage", "Coverage, and what is not shown",
      "Coverage is the share of the expected time in which a usable face was seen. A missing face is never counted as "
        + "distraction: it only lowers coverage. Learners below half are left out of every other figure."
    ) {
      if !report.shownSegments.isEmpty {
        BarChart(
          title: "Coverage by segment", valueName: "Coverage",
          rows: report.segments.map { segment in
            .init(
              label: SegmentLabel.numbered(segment), value: segment.figures.map { ReportFormat.share($0.coverage) },
              note: hiddenNote)
          }, threshold: (0.5, "needed from a learner")
        ).figure(id: "chart-coverage", caption: "Mean over learners, in the order of the course.")
      }
      tag("ul", .class("notes")) {
        tag(
          "li",
          text: hidden.isEmpty
            ? "Every segment is shown."
            : "\(ReportFormat.counted(hidden.count, "segment is", "segments are")) not shown: fewer than "
              + "\(report.cohortMinimum) learners, or hidden so that no subtraction reveals a smaller group.")
        tag("li", text: "Values are rounded to whole points and learners down to a multiple of five.")
        tag(
          "li",
          text: "A figure changes only when at least \(report.cohortMinimum) learners changed it, or when its period "
            + "ends, so two reports cannot be compared to single anybody out.")
        intervalNote.map { tag("li", text: $0) } ?? .empty
      }
    }
  }

  /// What the frames' pace does to coverage, where it is not the declared one.
  var intervalNote: String? {
    report.frameInterval.map { interval in
      "Frames came about every \(ReportFormat.seconds(interval.observedMs)), but count as if one came every "
        + "\(ReportFormat.seconds(interval.countedMs)), so coverage says nothing about faces here. Whoever runs the "
        + "learning platform can declare the true interval; the figures are then computed again."
    }
  }

  private var hiddenNote: String { "fewer than \(report.cohortMinimum) learners: not shown" }

  private var hiddenRows: [ChartRow<IntervalChart.Estimate>] {
    report.segments.filter { $0.figures == nil }.map {
      .init(label: SegmentLabel.title($0), value: nil, note: hiddenNote)
    }
  }

  private func rows(
    _ value: (CourseInterestReport.Figures) -> (CourseInterestReport.Estimate, band: ClosedRange<Int64>?)
  ) -> [ChartRow<IntervalChart.Estimate>] {
    report.segments.map { segment in
      let shown = segment.figures.map { figures in
        let (figure, band) = value(figures)
        return estimate(figure.mean, figure.low...figure.high, band: band)
      }
      return ChartRow(label: SegmentLabel.numbered(segment), value: shown, note: hiddenNote)
    }
  }

  private func estimate(
    _ mean: Int64, _ interval: ClosedRange<Int64>, band: ClosedRange<Int64>? = nil
  ) -> IntervalChart.Estimate {
    func points(_ range: ClosedRange<Int64>) -> ClosedRange<Double> {
      ReportFormat.points(range.lowerBound)...ReportFormat.points(range.upperBound)
    }
    return .init(ReportFormat.points(mean), interval: points(interval), band: band.map(points))
  }

  private func section(
    _ id: String, _ title: String, _ lead: String, @MarkupBuilder content: () -> [Markup]
  ) -> Markup {
    tag("section", Attribute("aria-labelledby", id)) {
      tag("h2", .id(id), text: title)
      tag("p", .class("lead"), text: lead)
      content()
    }
  }
}
