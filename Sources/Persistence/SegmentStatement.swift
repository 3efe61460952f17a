import Analytics
import LearningEvents
import PostgresIO

/// The one statement that reads the segments of a course, and the one reader of its rows.
enum SegmentStatement {
  /// A segment the course has or had.
  struct Row {
    let segment: CourseSegment
    /// False once the course was declared without it.
    let isCurrent: Bool
  }

  /// `$1` is the course. By ordinal, then key.
  static let sql = """
    SELECT segment_id, external_id, title, ordinal, media_start_ms, media_end_ms, starts_at, ends_at,
      retired_at IS NULL AS is_current
    FROM lectern.segment WHERE course_id = $1 ORDER BY ordinal, segment_id
    """

  static func read(_ rows: PostgresResult) throws(PostgresError) -> [Row] {
    try rows.map { (row) throws(PostgresError) in
      let range: SegmentDefinition.Range
      if let start: Int64 = try row.decodeIfPresent("media_start_ms") {
        range = .media(startMilliseconds: start, endMilliseconds: try row.decode("media_end_ms"))
      } else {
        range = .clock(start: try row.decode("starts_at"), end: try row.decode("ends_at"))
      }
      let definition = SegmentDefinition(
        id: try row.decode("external_id"), title: try row.decode("title"), ordinal: try row.decode("ordinal"),
        range: range)
      return Row(
        segment: CourseSegment(key: try row.decode("segment_id"), definition), isCurrent: try row.decode("is_current"))
    }
  }

  /// The segments the course has now.
  static func current(_ rows: PostgresResult) throws(PostgresError) -> [CourseSegment] {
    try read(rows).filter(\.isCurrent).map(\.segment)
  }
}
