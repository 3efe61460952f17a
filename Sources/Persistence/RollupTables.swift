import Analytics
import LearningEvents
import PostgresIO

extension RollupTable where Row == SessionSumRow {
  package static var sessionSums: Self {
    Self(
      "lectern.session_segment_sum",
      keyColumns + [Column("weights_version", "smallint") { .int2s($0.map(\.weightsVersion)) }]
        + columns(SegmentSum.additiveColumns + SegmentSum.countColumns))
  }

  package static var minuteSums: Self {
    Self(
      "lectern.session_minute_sum",
      keyColumns + [
        Column("minute", "integer") { .optionalInt4s($0.map(\.minute)) },
        Column("weights_version", "smallint") { .int2s($0.map(\.weightsVersion)) },
      ] + columns(SegmentSum.additiveColumns))
  }

  private static var keyColumns: [Column] {
    [
      Column("course_id", "bigint") { .int8s($0.map(\.course)) },
      Column("session_id", "bigint") { .int8s($0.map(\.session)) },
      Column("session_day", "date") { .dates($0.map(\.day)) },
      Column("learner", "uuid") { .uuids($0.map(\.learner)) },
      Column("segment_id", "bigint") { .optionalInt8s($0.map(\.segment)) },
    ]
  }

  private static func columns(_ sums: [SegmentSum.Column]) -> [Column] {
    sums.map { name, value in Column(name, "bigint") { .int8s($0.map { $0.sum[keyPath: value] }) } }
  }
}

extension RollupTable where Row == LearnerMetricRow {
  package static var learnerMetrics: Self {
    Self(
      "lectern.learner_segment_metric",
      [
        Column("course_id", "bigint") { .int8s($0.map(\.course)) },
        Column("segment_id", "bigint") { .optionalInt8s($0.map(\.segment)) },
        Column("learner", "uuid") { .uuids($0.map(\.learner)) },
        Column("weights_version", "smallint") { .int2s($0.map(\.weightsVersion)) },
        Column("published", "boolean") { .bools($0.map(\.metrics.isPublished)) },
      ]
        + Metric.allCases.map { metric in
          Column(metric.rawValue, "bigint") { .optionalInt8s($0.map { $0.metrics[metric] }) }
        })
  }
}

extension RollupTable where Row == SegmentMetricRow {
  package static var segmentMetrics: Self {
    Self(
      "lectern.segment_metric",
      [
        Column("course_id", "bigint") { .int8s($0.map(\.course)) },
        Column("segment_id", "bigint") { .optionalInt8s($0.map(\.segment)) },
        Column("metric", "text") { .texts($0.map(\.metric.rawValue)) },
        Column("weights_version", "smallint") { .int2s($0.map(\.weightsVersion)) },
        Column("learners", "integer") { .int4s($0.map(\.summary.learners)) },
        Column("mean", "bigint") { .int8s($0.map(\.summary.mean)) },
        Column("lower_quartile", "bigint") { .int8s($0.map(\.summary.quartiles.lower)) },
        Column("median", "bigint") { .int8s($0.map(\.summary.quartiles.median)) },
        Column("upper_quartile", "bigint") { .int8s($0.map(\.summary.quartiles.upper)) },
        Column("interval_low", "bigint") { .int8s($0.map(\.summary.interval.lowerBound)) },
        Column("interval_high", "bigint") { .int8s($0.map(\.summary.interval.upperBound)) },
      ])
  }
}

/// Sums as the two tables of sums hold them.
extension SegmentSum {
  typealias Column = (name: String, value: any KeyPath<SegmentSum, Int64> & Sendable)

  /// The columns of both tables, in the order in which `init(additive:)` reads them.
  static let additiveColumns: [Column] =
    Emotion.allCases.map { emotion -> Column in ("w_\(emotion.name)", \SegmentSum.weighted[emotion]) } + [
      ("classified_ms", \.classifiedMilliseconds), ("expected_ms", \.expectedMilliseconds),
    ]

  /// The columns of the table of segments alone, in the order in which `readCounts` reads them.
  static let countColumns: [Column] = [
    ("classified_frames", \.classifiedFrames), ("no_face_frames", \.noFaceFrames),
    ("low_quality_frames", \.lowQualityFrames), ("confusion_episodes", \.confusionEpisodes),
    ("confusion_ms", \.confusionMilliseconds), ("confusion_resolved", \.confusionResolved),
  ]

  /// `sum(…)::bigint, …`: the columns added up over a group of rows.
  static func totals(of columns: [Column]) -> String {
    columns.map { "sum(\($0.name))::bigint" }.joined(separator: ", ")
  }

  init(additive columns: inout PostgresColumns) throws(PostgresError) {
    self.init()
    for emotion in Emotion.allCases { weighted[emotion] = try columns.next() }
    classifiedMilliseconds = try columns.next()
    expectedMilliseconds = try columns.next()
  }

  mutating func readCounts(_ columns: inout PostgresColumns) throws(PostgresError) {
    classifiedFrames = try columns.next()
    noFaceFrames = try columns.next()
    lowQualityFrames = try columns.next()
    confusionEpisodes = try columns.next()
    confusionMilliseconds = try columns.next()
    confusionResolved = try columns.next()
  }
}
