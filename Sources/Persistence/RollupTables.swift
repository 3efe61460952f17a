import Analytics
import LearningEvents
import PostgresIO

extension RollupTable where Row == SessionSumRow {
  package static var sessionSums: Self {
    Self(
      "lectern.session_segment_sum",
      [
        Column("course_id", "bigint") { .int8s($0.map(\.course)) },
        Column("session_id", "bigint") { .int8s($0.map(\.session)) },
        Column("session_day", "date") { .dates($0.map(\.day)) },
        Column("learner", "uuid") { .uuids($0.map(\.learner)) },
        Column("segment_id", "bigint") { .optionalInt8s($0.map(\.segment)) },
        Column("weights_version", "smallint") { .int2s($0.map(\.weightsVersion)) },
      ] + sumColumns(\.sum) + [
        Column("classified_frames", "bigint") { .int8s($0.map(\.sum.classifiedFrames)) },
        Column("no_face_frames", "bigint") { .int8s($0.map(\.sum.noFaceFrames)) },
        Column("low_quality_frames", "bigint") { .int8s($0.map(\.sum.lowQualityFrames)) },
        Column("confusion_episodes", "bigint") { .int8s($0.map(\.sum.confusionEpisodes)) },
        Column("confusion_ms", "bigint") { .int8s($0.map(\.sum.confusionMilliseconds)) },
        Column("confusion_resolved", "bigint") { .int8s($0.map(\.sum.confusionResolved)) },
      ])
  }
}

extension RollupTable where Row == SessionMinuteRow {
  package static var minuteSums: Self {
    Self(
      "lectern.session_minute_sum",
      [
        Column("course_id", "bigint") { .int8s($0.map(\.course)) },
        Column("session_id", "bigint") { .int8s($0.map(\.session)) },
        Column("session_day", "date") { .dates($0.map(\.day)) },
        Column("learner", "uuid") { .uuids($0.map(\.learner)) },
        Column("segment_id", "bigint") { .int8s($0.map(\.minute.segment)) },
        Column("minute", "integer") { .int4s($0.map(\.minute.minute)) },
        Column("weights_version", "smallint") { .int2s($0.map(\.weightsVersion)) },
      ] + sumColumns(\.sum))
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

/// The columns that a sum has in both tables of sums.
private func sumColumns<Row>(_ sum: any KeyPath<Row, SegmentSum> & Sendable) -> [RollupTable<Row>.Column] {
  Emotion.allCases.map { emotion in
    RollupTable<Row>.Column(SegmentSum.column(of: emotion), "bigint") {
      .int8s($0.map { $0[keyPath: sum].weighted[emotion] })
    }
  } + [
    RollupTable<Row>.Column("classified_ms", "bigint") { .int8s($0.map { $0[keyPath: sum].classifiedMilliseconds }) },
    RollupTable<Row>.Column("expected_ms", "bigint") { .int8s($0.map { $0[keyPath: sum].expectedMilliseconds }) },
  ]
}

/// Sums as the two tables of sums hold them.
extension SegmentSum {
  fileprivate static func column(of emotion: Emotion) -> String { "w_\(emotion.name)" }

  /// The columns of both tables, in the order in which `init(additive:)` reads them.
  static let additiveColumns = Emotion.allCases.map(column) + ["classified_ms", "expected_ms"]

  /// The columns of the table of segments alone, in the order in which `readCounts` reads them.
  static let countColumns = [
    "classified_frames", "no_face_frames", "low_quality_frames", "confusion_episodes", "confusion_ms",
    "confusion_resolved",
  ]

  /// `sum(…)::bigint, …`: the columns added up over a group of rows.
  static func totals(of columns: [String]) -> String { columns.map { "sum(\($0))::bigint" }.joined(separator: ", ") }

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
