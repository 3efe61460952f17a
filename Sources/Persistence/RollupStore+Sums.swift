package import Analytics
import LearningEvents
package import PostgresIO

/// A learner's sums in a course, by segment.
package struct LearnerSums: Sendable {
  package let learner: LearnerKey
  package var segments: [Int64?: SegmentSum] = [:]

  package init(learner: LearnerKey) { self.learner = learner }

  /// The sums over the whole course, frames outside any segment included.
  package var course: SegmentSum { segments.values.reduce(into: SegmentSum()) { $0 += $1 } }
}

extension RollupStore {
  /// Replaces the sums of some sessions of a course.
  package func replaceSums(
    of sessions: [Int64], in course: Int64, with sums: [SessionSumRow], minutes: [SessionMinuteRow],
    on connection: isolated PostgresConnection
  ) throws(PostgresError) {
    for table in [RollupTable<SessionSumRow>.sessionSums.name, RollupTable<SessionMinuteRow>.minuteSums.name] {
      try connection.query(
        "DELETE FROM \(table) WHERE course_id = $1 AND session_id = ANY ($2)", [.int8(course), .int8s(sessions)])
    }
    try RollupTable.sessionSums.insert(sums, on: connection)
    try RollupTable.minuteSums.insert(minutes, on: connection)
  }

  /// The sums of some learners of a course (or of all), added up over their sessions.
  package func learnerSums(
    of learners: [LearnerKey]?, in course: Int64, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [LearnerSums] {
    let rows = try connection.query(
      """
      SELECT learner, segment_id, sum(w_focused)::bigint, sum(w_distracted)::bigint, sum(w_curious)::bigint,
        sum(w_confused)::bigint, sum(w_tired)::bigint, sum(w_happy)::bigint, sum(classified_ms)::bigint,
        sum(expected_ms)::bigint, sum(classified_frames)::bigint, sum(no_face_frames)::bigint,
        sum(low_quality_frames)::bigint, sum(confusion_episodes)::bigint, sum(confusion_ms)::bigint,
        sum(confusion_resolved)::bigint
      FROM lectern.session_segment_sum WHERE course_id = $1 AND ($2 OR learner = ANY ($3))
      GROUP BY learner, segment_id ORDER BY learner
      """, [.int8(course), .bool(learners == nil), .uuids((learners ?? []).map(\.postgres))])
    var found: [LearnerSums] = []
    for row in rows {
      let learner = LearnerKey(try row.decode(at: 0, as: PostgresUUID.self))
      var sum = try additive(row, from: 2)
      sum.classifiedFrames = try row.decode(at: 10)
      sum.noFaceFrames = try row.decode(at: 11)
      sum.lowQualityFrames = try row.decode(at: 12)
      sum.confusionEpisodes = try row.decode(at: 13)
      sum.confusionMilliseconds = try row.decode(at: 14)
      sum.confusionResolved = try row.decode(at: 15)
      if found.last?.learner != learner { found.append(LearnerSums(learner: learner)) }
      found[found.count - 1].segments[try row.decodeIfPresent(at: 1, as: Int64.self)] = sum
    }
    return found
  }

  /// The sums of every learner by minute, for some segments of a course.
  package func minuteSums(
    of segments: [Int64], in course: Int64, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [SessionSums.Minute: [(LearnerKey, SegmentSum)]] {
    let rows = try connection.query(
      """
      SELECT segment_id, minute, learner, sum(w_focused)::bigint, sum(w_distracted)::bigint, sum(w_curious)::bigint,
        sum(w_confused)::bigint, sum(w_tired)::bigint, sum(w_happy)::bigint, sum(classified_ms)::bigint,
        sum(expected_ms)::bigint
      FROM lectern.session_minute_sum WHERE course_id = $1 AND segment_id = ANY ($2)
      GROUP BY segment_id, minute, learner ORDER BY learner
      """, [.int8(course), .int8s(segments)])
    var found: [SessionSums.Minute: [(LearnerKey, SegmentSum)]] = [:]
    for row in rows {
      let minute = SessionSums.Minute(segment: try row.decode(at: 0), minute: try row.decode(at: 1))
      let learner = LearnerKey(try row.decode(at: 2, as: PostgresUUID.self))
      found[minute, default: []].append((learner, try additive(row, from: 3)))
    }
    return found
  }

  /// Six weighted sums, classified and expected time, from eight columns.
  private func additive(_ row: PostgresRow, from first: Int) throws(PostgresError) -> SegmentSum {
    var sum = SegmentSum()
    for emotion in Emotion.allCases { sum.weighted[emotion] = try row.decode(at: first + emotion.rawValue) }
    sum.classifiedMilliseconds = try row.decode(at: first + 6)
    sum.expectedMilliseconds = try row.decode(at: first + 7)
    return sum
  }
}
