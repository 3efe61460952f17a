import Analytics

/// The ranking in words, with no more certainty than its intervals allow.
struct ReportSummary {
  let text: String

  init(_ report: CourseInterestReport) {
    let ranking = InterestRanking(report)
    let titles = Dictionary(report.segments.map { ($0.id, Self.quoted($0)) }) { first, _ in first }
    func name(_ place: InterestRanking.Place) -> String { titles[place.entry.segment] ?? "" }
    guard let first = ranking.places.first, let last = ranking.places.last else {
      text = ""
      return
    }
    guard ranking.places.count > 1 else {
      text = "Only \(name(first)) can be shown, so there is nothing to rank it against."
      return
    }
    var sentences = [
      """
      By estimated interest, \(name(first)) comes first (\(ReportFormat.signed(first.entry.mean)) points against \
      each learner’s own mean over the course) and \(name(last)) last (\(ReportFormat.signed(last.entry.mean))).
      """
    ]
    if first.overlapping.count == ranking.places.count - 1 {
      sentences.append(
        "The interval of the first overlaps those of all the others: on these data no segment stands out.")
    } else if first.overlapping.isEmpty {
      sentences.append("The interval of the first overlaps no other.")
    } else {
      let others = ReportFormat.counted(first.overlapping.count, "other", "others")
      sentences.append("The interval of the first overlaps \(others), so the order among these is not certain.")
    }
    text = sentences.joined(separator: " ")
  }

  static func quoted(_ segment: CourseInterestReport.Segment) -> String {
    "“\(SegmentLabel.title(segment))”"
  }
}

extension InterestRanking {
  /// The shown segments of a report by estimated interest.
  init(_ report: CourseInterestReport) {
    self.init(
      report.shownSegments.map { segment, figures in
        Entry(
          segment: segment.id, ordinal: Int32(clamping: segment.ordinal), mean: figures.interest.mean,
          interval: figures.interest.low...figures.interest.high)
      })
  }
}
