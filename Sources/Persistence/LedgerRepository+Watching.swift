package import LearningEvents
import PostgresIO

extension LedgerRepository {
  /// For whoever watches ingest at work, in one snapshot: the newest incarnation of each partition, of one cluster if
  /// given, and the rejects of these ledgers by code.
  ///
  /// - Parameter first: the first offset to count of each of them; a ledger that is not named, or all if nil, counts
  ///   whole.
  package func newest(
    clusterID: ClusterID?, rejectsFrom first: @Sendable ([LedgerRow]) -> [Int32: Int64]?
  ) async throws -> (ledgers: [LedgerRow], rejects: [RejectCode: Int64]) {
    try await connection.withTransaction(.snapshot) { connection in
      let ledgers = try LedgerRow.withMarks(
        connection.query(
          """
          SELECT DISTINCT ON (cluster_id, topic, partition) * FROM lectern.ingest_ledger
          WHERE cluster_id = $1::text OR $1::text IS NULL
          ORDER BY cluster_id, topic, partition, incarnation DESC
          """, [.optionalID(clusterID)]
        ).map(LedgerRow.init), on: connection)
      let from = first(ledgers)
      let moved = ledgers.filter { from?[$0.ledgerID] ?? -1 < $0.nextOffset }
      guard !moved.isEmpty else { return (ledgers, [:]) }
      let rows = try connection.query(
        """
        SELECT r.code, count(*) AS n FROM unnest($1::integer[], $2::bigint[]) AS l (ledger_id, first)
        JOIN lectern.ingest_reject r ON r.ledger_id = l.ledger_id AND r.log_offset >= l.first GROUP BY r.code
        """, [.int4s(moved.map(\.ledgerID)), .int8s(moved.map { from?[$0.ledgerID] ?? 0 })])
      return (ledgers, try Self.counts(rows))
    }
  }
}
