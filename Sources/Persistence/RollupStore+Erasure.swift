package import PostgresIO

/// One chunk of an erasure or revocation.
package struct ErasedChunk: Sendable, Equatable {
  /// Samples that it deleted.
  package let samples: Int
  /// Whether it was the last one.
  package let isLast: Bool
}

extension RollupStore {
  /// Deletes one chunk of the oldest pending erasure; nil if none is pending.
  ///
  /// With its last chunk the learner's frozen sums are dirtied too: their samples have expired, so only this tells the
  /// aggregator to drop them.
  package func erasePending(
    limit: Int32, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> ErasedChunk? {
    let row = try connection.query(
      "SELECT erasure_id, removed, finished FROM lectern.erase_pending($1)", [.int4(limit)]
    ).single()
    guard let erasure = try row.decodeIfPresent("erasure_id", as: Int64.self) else { return nil }
    let isLast: Bool = try row.decode("finished")
    if isLast {
      try connection.query(
        """
        INSERT INTO lectern.rollup_dirty (course_id, session_day, session_id)
        SELECT DISTINCT s.course_id, s.session_day, s.session_id
        FROM lectern.erasure e
        JOIN lectern.session n ON n.learner = e.learner AND n.created_at <= e.ingested_until
        JOIN lectern.session_segment_sum s USING (course_id, session_day, session_id)
        WHERE e.erasure_id = $1
          AND to_regclass('lectern.emotion_sample_' || to_char(s.session_day, 'YYYYMMDD')) IS NULL
        """, [.int8(erasure)])
    }
    return ErasedChunk(samples: try row.decode("removed"), isLast: isLast)
  }

  /// Deletes the sessions of one erased learner whose samples and sums are gone, and returns how many; nil if there is
  /// none.
  package func forgetSessions(on connection: isolated PostgresConnection) throws(PostgresError) -> Int? {
    let row = try connection.query("SELECT erasure_id, removed FROM lectern.forget_sessions()").single()
    guard try row.decodeIfPresent("erasure_id", as: Int64.self) != nil else { return nil }
    return try row.decode("removed", as: Int.self)
  }
}
