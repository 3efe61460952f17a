import Markup

/// How a segment is called in charts and text.
enum SegmentLabel {
  /// Its title as one line; a segment without one is called by its number.
  static func title(_ segment: CourseInterestReport.Segment) -> String {
    let title = Escaping.singleLine(segment.title)
    return title.isEmpty ? "Segment \(segment.ordinal)" : title
  }

  /// Number and title, as charts label their rows.
  static func numbered(_ segment: CourseInterestReport.Segment) -> String {
    "\(segment.ordinal) · \(title(segment))"
  }
}
