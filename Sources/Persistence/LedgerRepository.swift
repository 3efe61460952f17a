package import LearningEvents
package import PostgresIO

/// What became of the records of one log, or of several added up.
package struct LedgerCounters: Sendable, Equatable {
  package var samples: Int64 = 0
  package var rejects: Int64 = 0
  package var duplicates: Int64 = 0
  package var applied: Int64 = 0
  package var skipped: Int64 = 0
  package var lost: Int64 = 0
  package var erased: Int64 = 0
  package var expired: Int64 = 0

  package init() {}

  /// Offsets accounted for; equals next − first offset.
  package var accounted: Int64 { samples + rejects + duplicates + applied + skipped + lost }
}

/// One row of the ledger.
package struct LedgerRow: Sendable, Equatable {
  package let ledgerID: Int32
  package let log: LogIdentity
  package let consumerGroup: String
  package let epoch: Int64
  package let firstOffset: Int64
  package let nextOffset: Int64
  package let last: RecordMark?
  /// Earlier records that were stored, in the order of their offsets; empty where they were not asked for.
  package var marks: [RecordMark] = []
  /// Of the topic that it reads; nil where that was never told.
  package var topicID: TopicID?
  package let counters: LedgerCounters
  package let updatedAt: EventTime

  package init(
    ledgerID: Int32, log: LogIdentity, consumerGroup: String, epoch: Int64, firstOffset: Int64, nextOffset: Int64,
    last: RecordMark?, counters: LedgerCounters, updatedAt: EventTime
  ) {
    (self.ledgerID, self.log, self.consumerGroup, self.epoch) = (ledgerID, log, consumerGroup, epoch)
    (self.firstOffset, self.nextOffset, self.last) = (firstOffset, nextOffset, last)
    (self.counters, self.updatedAt) = (counters, updatedAt)
  }
}

/// Reads of the ledger, for operators and summaries. Needs a role that may read the tables.
package struct LedgerRepository: Sendable {
  let connection: PostgresConnection

  package init(connection: PostgresConnection) { self.connection = connection }

  /// All ledgers with their marks, by cluster, topic, incarnation and partition; of one cluster if given.
  ///
  /// - Throws: `PostgresError`.
  package func ledgers(clusterID: ClusterID? = nil) async throws -> [LedgerRow] {
    try await connection.withTransaction(.snapshot) { try LedgerRow.all(on: $0, clusterID: clusterID) }
  }

  /// The counters of a topic added up over its partitions and incarnations; of one cluster if given.
  package func totals(topic: TopicName, clusterID: ClusterID? = nil) async throws(PostgresError) -> LedgerCounters {
    let row = try await connection.query(
      """
      SELECT coalesce(sum(samples), 0)::bigint AS samples, coalesce(sum(rejects), 0)::bigint AS rejects,
        coalesce(sum(duplicates), 0)::bigint AS duplicates, coalesce(sum(applied), 0)::bigint AS applied,
        coalesce(sum(skipped), 0)::bigint AS skipped, coalesce(sum(lost), 0)::bigint AS lost,
        coalesce(sum(erased), 0)::bigint AS erased, coalesce(sum(expired), 0)::bigint AS expired
      FROM lectern.ingest_ledger WHERE topic = $1 AND (cluster_id = $2::text OR $2::text IS NULL)
      """, [.id(topic), .optionalID(clusterID)]
    ).single()
    return try LedgerCounters(row)
  }

  /// How many records of a topic were rejected, by code; codes that never occurred are left out.
  package func rejectCounts(
    topic: TopicName, clusterID: ClusterID? = nil
  ) async throws(PostgresError) -> [RejectCode: Int64] {
    try Self.counts(
      try await connection.query(
        """
        SELECT r.code, count(*) AS n FROM lectern.ingest_reject r JOIN lectern.ingest_ledger l USING (ledger_id)
        WHERE l.topic = $1 AND (l.cluster_id = $2::text OR $2::text IS NULL) GROUP BY r.code
        """, [.id(topic), .optionalID(clusterID)]))
  }

  /// A code of a later version of the schema is no concern of this program.
  static func counts(_ rows: PostgresResult) throws(PostgresError) -> [RejectCode: Int64] {
    var counts: [RejectCode: Int64] = [:]
    for row in rows {
      guard let code = RejectCode(rawValue: try row.decode("code")) else { continue }
      counts[code] = try row.decode("n", as: Int64.self)
    }
    return counts
  }
}

extension LedgerCounters {
  init(_ row: PostgresRow) throws(PostgresError) {
    samples = try row.decode("samples")
    rejects = try row.decode("rejects")
    duplicates = try row.decode("duplicates")
    applied = try row.decode("applied")
    skipped = try row.decode("skipped")
    lost = try row.decode("lost")
    erased = try row.decode("erased")
    expired = try row.decode("expired")
  }
}

extension LedgerRow {
  /// All ledgers with their marks, inside a snapshot, by cluster, topic, incarnation and partition.
  static func all(
    on connection: isolated PostgresConnection, clusterID: ClusterID? = nil
  ) throws(PostgresError) -> [LedgerRow] {
    try withMarks(
      connection.query(
        """
        SELECT * FROM lectern.ingest_ledger WHERE cluster_id = $1::text OR $1::text IS NULL
        ORDER BY cluster_id, topic, incarnation, partition
        """, [.optionalID(clusterID)]
      ).map(LedgerRow.init), on: connection)
  }

  /// The same ledgers with their marks.
  static func withMarks(
    _ ledgers: [LedgerRow], on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [LedgerRow] {
    var ledgers = ledgers
    var marks: [Int32: [RecordMark]] = [:]
    let rows = try connection.query(
      "SELECT * FROM lectern.ledger_mark WHERE ledger_id = ANY ($1) ORDER BY ledger_id, log_offset",
      [.int4s(ledgers.map(\.ledgerID))])
    for row in rows { marks[try row.decode("ledger_id"), default: []].append(try RecordMark(mark: row)) }
    for index in ledgers.indices { ledgers[index].marks = marks[ledgers[index].ledgerID, default: []] }
    return ledgers
  }

  init(_ row: PostgresRow) throws(PostgresError) {
    ledgerID = try row.decode("ledger_id")
    log = LogIdentity(
      clusterID: try row.decode("cluster_id"), topic: try row.decode("topic"),
      incarnation: try row.decode("incarnation"), partition: try row.decode("partition"))
    consumerGroup = try row.decode("consumer_group")
    epoch = try row.decode("epoch")
    firstOffset = try row.decode("first_offset")
    nextOffset = try row.decode("next_offset")
    last = try RecordMark(row)
    topicID = try row.decodeIfPresent("topic_id")
    counters = try LedgerCounters(row)
    updatedAt = try row.decode("updated_at")
  }
}
