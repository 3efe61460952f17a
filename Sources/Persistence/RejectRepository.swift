package import LearningEvents
package import PostgresIO

/// Which rejects somebody asks for; nil is no condition.
package struct RejectFilter: Sendable {
  package var topic: TopicName?
  package var clusterID: ClusterID?
  package var partition: Int32?
  package var codes: [RejectCode]?
  /// Rejected at or after, and before.
  package var since: EventTime?
  package var until: EventTime?

  package init() {}
}

/// How often one reason occurs.
package struct RejectCount: Sendable, Equatable {
  package let topic: TopicName
  package let code: RejectCode
  package let detail: String
  package let count: Int64
  package let firstAt: EventTime
  package let lastAt: EventTime

  package init(
    topic: TopicName, code: RejectCode, detail: String, count: Int64, firstAt: EventTime, lastAt: EventTime
  ) {
    (self.topic, self.code, self.detail, self.count) = (topic, code, detail, count)
    (self.firstAt, self.lastAt) = (firstAt, lastAt)
  }
}

/// One rejected record, by its place in the log and by what its LMS finds it by. Whose it was is not stored.
package struct RejectedRecord: Sendable, Equatable {
  /// Where a page ends and the next one begins.
  package struct Place: Sendable, Equatable {
    package var ledgerID: Int32
    package var offset: Int64

    package init(ledgerID: Int32, offset: Int64) { (self.ledgerID, self.offset) = (ledgerID, offset) }
  }

  package let place: Place
  package let topic: TopicName
  package let incarnation: Int32
  package let partition: Int32
  package let code: RejectCode
  package let detail: String
  package let recordTimestamp: EventTime?
  package let rejectedAt: EventTime
  package let reference: EventReference

  package init(
    place: Place, topic: TopicName, incarnation: Int32, partition: Int32, code: RejectCode, detail: String,
    recordTimestamp: EventTime?, rejectedAt: EventTime, reference: EventReference = EventReference()
  ) {
    (self.place, self.topic, self.incarnation, self.partition) = (place, topic, incarnation, partition)
    (self.code, self.detail, self.recordTimestamp, self.rejectedAt) = (code, detail, recordTimestamp, rejectedAt)
    self.reference = reference
  }
}

/// Reads of rejects, for operators. Needs the role `lectern_aggregator`.
package struct RejectRepository: Sendable {
  private let connection: PostgresConnection

  package init(connection: PostgresConnection) { self.connection = connection }

  private static let condition = """
    (l.topic = $1::text OR $1::text IS NULL) AND (l.cluster_id = $2::text OR $2::text IS NULL)
      AND (l.partition = $3::integer OR $3::integer IS NULL) AND (r.code = ANY ($4::text[]) OR $4::text[] IS NULL)
      AND (r.rejected_at >= $5::timestamptz OR $5::timestamptz IS NULL)
      AND (r.rejected_at < $6::timestamptz OR $6::timestamptz IS NULL)
    """

  private func parameters(_ filter: RejectFilter) -> [PostgresParameter] {
    [
      .optionalID(filter.topic), .optionalID(filter.clusterID), .optional(filter.partition),
      filter.codes.map { .texts($0.map(\.rawValue)) } ?? .null, .optional(filter.since), .optional(filter.until),
    ]
  }

  /// How often each reason occurs, the most frequent first.
  package func counts(_ filter: RejectFilter) async throws(PostgresError) -> [RejectCount] {
    try await connection.query(
      """
      SELECT l.topic, r.code, r.detail, count(*) AS n, min(r.rejected_at) AS first, max(r.rejected_at) AS last
      FROM lectern.ingest_reject r JOIN lectern.ingest_ledger l USING (ledger_id)
      WHERE \(Self.condition) GROUP BY l.topic, r.code, r.detail ORDER BY n DESC, l.topic, r.code, r.detail
      """, parameters(filter)
    ).map(RejectCount.init)
  }

  /// Up to `limit` rejects behind a place, log by log in the order of offsets.
  package func records(
    _ filter: RejectFilter, after place: RejectedRecord.Place? = nil, limit: Int
  ) async throws(PostgresError) -> [RejectedRecord] {
    try await connection.query(
      """
      SELECT r.ledger_id, r.log_offset, l.topic, l.incarnation, l.partition, r.code, r.detail, r.record_timestamp,
        r.rejected_at, r.source, r.course, r.event_id
      FROM lectern.ingest_reject r JOIN lectern.ingest_ledger l USING (ledger_id)
      WHERE \(Self.condition) AND (r.ledger_id, r.log_offset) > ($7, $8)
      ORDER BY r.ledger_id, r.log_offset LIMIT $9
      """, parameters(filter) + [.int4(place?.ledgerID ?? 0), .int8(place?.offset ?? -1), .int8(Int64(limit))]
    ).map(RejectedRecord.init)
  }
}

extension RejectCount {
  init(_ row: PostgresRow) throws(PostgresError) {
    (topic, code, detail) = (try row.decode("topic"), try RejectCode(row), try row.decode("detail"))
    (count, firstAt, lastAt) = (try row.decode("n"), try row.decode("first"), try row.decode("last"))
  }
}

extension RejectedRecord {
  init(_ row: PostgresRow) throws(PostgresError) {
    place = Place(ledgerID: try row.decode("ledger_id"), offset: try row.decode("log_offset"))
    topic = try row.decode("topic")
    incarnation = try row.decode("incarnation")
    partition = try row.decode("partition")
    code = try RejectCode(row)
    detail = try row.decode("detail")
    recordTimestamp = try row.decodeIfPresent("record_timestamp")
    rejectedAt = try row.decode("rejected_at")
    reference = EventReference(
      source: try row.decodeIfPresent("source"), courseID: try row.decodeIfPresent("course"),
      eventID: try row.decodeIfPresent("event_id"))
  }
}
