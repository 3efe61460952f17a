package import LearningEvents
package import PostgresIO

/// Reads for whoever watches ingest at work, inside a transaction of one snapshot.
extension LedgerRepository {
  /// The newest incarnation of each partition; of one cluster if given.
  package static func newest(
    clusterID: ClusterID?, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [LedgerRow] {
    let rows = try connection.query(
      """
      SELECT DISTINCT ON (cluster_id, topic, partition) * FROM lectern.ingest_ledger
      WHERE cluster_id = $1::text OR $1::text IS NULL
      ORDER BY cluster_id, topic, partition, incarnation DESC
      """, [.optionalID(clusterID)])
    var ledgers: [LedgerRow] = []
    for row in rows { ledgers.append(try LedgerRow(row)) }
    return ledgers
  }

  /// Rejects of some ledgers by code.
  ///
  /// - Parameter from: the first offset to count, by ledger; a ledger that is not named, or all if nil, counts whole.
  package static func rejectCounts(
    of ledgers: [LedgerRow], from: [Int32: Int64]?, on connection: isolated PostgresConnection
  ) throws(PostgresError) -> [RejectCode: Int64] {
    let moved = ledgers.filter { from?[$0.ledgerID] ?? -1 < $0.nextOffset }
    guard !moved.isEmpty else { return [:] }
    let rows = try connection.query(
      """
      SELECT r.code, count(*) AS n FROM unnest($1::integer[], $2::bigint[]) AS l (ledger_id, first)
      JOIN lectern.ingest_reject r ON r.ledger_id = l.ledger_id AND r.log_offset >= l.first GROUP BY r.code
      """, [.int4s(moved.map(\.ledgerID)), .int8s(moved.map { from?[$0.ledgerID] ?? 0 })])
    var counts: [RejectCode: Int64] = [:]
    for row in rows {
      guard let code = RejectCode(rawValue: try row.decode("code")) else { continue }
      counts[code] = try row.decode("n", as: Int64.self)
    }
    return counts
  }
}
