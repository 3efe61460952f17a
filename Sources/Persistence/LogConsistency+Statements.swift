import PostgresIO

extension LogConsistency {
  typealias Repeated = (total: Int64, places: [ConsistencyCheck.Place])

  /// One pass over the samples, beside their ledgers and sessions.
  func tallies(ofSamplesOn connection: isolated PostgresConnection) throws(PostgresError) -> [Tally] {
    try connection.query(
      """
      SELECT s.ledger_id, count(*), count(*) FILTER (WHERE s.outside), min(s.log_offset) FILTER (WHERE s.outside),
        count(*) FILTER (WHERE s.stray), min(s.log_offset) FILTER (WHERE s.stray)
      FROM (
        SELECT e.ledger_id, e.log_offset,
          (e.log_offset >= l.first_offset AND e.log_offset < l.next_offset) IS NOT TRUE AS outside,
          (n.session_day = e.session_day AND n.course_id = e.course_id AND n.learner = e.learner) IS NOT TRUE AS stray
        FROM lectern.emotion_sample e
        LEFT JOIN lectern.ingest_ledger l ON l.ledger_id = e.ledger_id
        LEFT JOIN lectern.session n ON n.session_id = e.session_id) s
      GROUP BY s.ledger_id ORDER BY s.ledger_id
      """
    ).map(Tally.init)
  }

  /// One pass over the rejects, beside their ledgers.
  func tallies(ofRejectsOn connection: isolated PostgresConnection) throws(PostgresError) -> [Tally] {
    try connection.query(
      """
      SELECT r.ledger_id, count(*), count(*) FILTER (WHERE r.outside), min(r.log_offset) FILTER (WHERE r.outside),
        0::bigint, NULL::bigint
      FROM (
        SELECT e.ledger_id, e.log_offset,
          (e.log_offset >= l.first_offset AND e.log_offset < l.next_offset) IS NOT TRUE AS outside
        FROM lectern.ingest_reject e LEFT JOIN lectern.ingest_ledger l ON l.ledger_id = e.ledger_id) r
      GROUP BY r.ledger_id ORDER BY r.ledger_id
      """
    ).map(Tally.init)
  }

  /// Records of a log that are in two places.
  func repeatedPlaces(
    _ names: [Int32: LogIdentity], on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Repeated {
    let rows = try connection.query(
      """
      SELECT count(*) OVER (), p.ledger_id, p.log_offset, p.samples, p.rejects
      FROM (
        SELECT u.ledger_id, u.log_offset, count(*) FILTER (WHERE u.is_sample) AS samples,
          count(*) FILTER (WHERE NOT u.is_sample) AS rejects
        FROM (
          SELECT ledger_id, log_offset, true AS is_sample FROM lectern.emotion_sample
          UNION ALL
          SELECT ledger_id, log_offset, false FROM lectern.ingest_reject) u
        GROUP BY u.ledger_id, u.log_offset HAVING count(*) > 1) p
      ORDER BY p.ledger_id, p.log_offset LIMIT $1
      """, [.int4(Int32(ConsistencyCheck.placeLimit))])
    return try repeated(rows, names) { (columns: inout PostgresColumns) throws(PostgresError) in
      let (samples, rejects): (Int64, Int64) = (try columns.next(), try columns.next())
      return "\(samples) times a sample, \(rejects) times a reject"
    }
  }

  /// Frames that are stored twice. Who sent them stays unsaid: the place is where the first of each came from.
  func repeatedKeys(
    _ names: [Int32: LogIdentity], on connection: isolated PostgresConnection
  ) throws(PostgresError) -> Repeated {
    let rows = try connection.query(
      """
      SELECT count(*) OVER (), k.place[1]::integer, k.place[2], k.n
      FROM (
        SELECT min(ARRAY[e.ledger_id::bigint, e.log_offset]) AS place, count(*) AS n
        FROM lectern.emotion_sample e
        WHERE (e.session_id, e.seq) IN (
          SELECT session_id, seq FROM lectern.emotion_sample GROUP BY session_id, seq HAVING count(*) > 1)
        GROUP BY e.session_id, e.seq) k
      ORDER BY 2, 3 LIMIT $1
      """, [.int4(Int32(ConsistencyCheck.placeLimit))])
    return try repeated(rows, names) { (columns: inout PostgresColumns) throws(PostgresError) in
      "stored \(try columns.next(as: Int64.self)) times"
    }
  }

  /// Rows of how many there are in all, a ledger, an offset, and what `detail` reads.
  private func repeated(
    _ rows: PostgresResult, _ names: [Int32: LogIdentity],
    _ detail: (inout PostgresColumns) throws(PostgresError) -> String
  ) throws(PostgresError) -> Repeated {
    var repeated: Repeated = (0, [])
    for row in rows {
      var columns = row.columns
      repeated.total = try columns.next()
      let (ledger, offset): (Int32, Int64) = (try columns.next(), try columns.next())
      repeated.places.append(
        ConsistencyCheck.Place(ledger: ledger, log: names[ledger], offset: offset, detail: try detail(&columns)))
    }
    return repeated
  }
}

extension LogConsistency.Tally {
  fileprivate init(_ row: PostgresRow) throws(PostgresError) {
    var columns = row.columns
    (ledger, rows, outside) = (try columns.next(), try columns.next(), try columns.next())
    (firstOutside, strays, firstStray) = (
      try columns.nextIfPresent(), try columns.next(), try columns.nextIfPresent()
    )
  }
}
