package import LearningEvents
package import PostgresIO

/// A reject that may be judged once more. `rejectedAt` is its version: a reject somebody judged meanwhile has another.
package struct RejectToJudge: Sendable, Equatable {
  package let offset: Int64
  package let code: RejectCode
  package let recordTimestamp: EventTime?
  package let rejectedAt: EventTime
}

/// A frame that was found stored, by the LMS's identity and its capture time.
package struct StoredFrame: Sendable, Equatable {
  package var offset: Int64
  package var source: SourceID
  package var sessionID: SessionID
  package var sequence: Int32
  package var capturedAt: EventTime

  package init(offset: Int64, source: SourceID, sessionID: SessionID, sequence: Int32, capturedAt: EventTime) {
    (self.offset, self.source, self.sessionID) = (offset, source, sessionID)
    (self.sequence, self.capturedAt) = (sequence, capturedAt)
  }
}

/// New verdicts on rejects of one log, stored as one transaction: each judged reject is in exactly one of the three
/// lists, or in none and stays.
package struct RetryBatch: Sendable {
  package var ledgerID: Int32
  package var modelID: Int32
  package var judged: [RejectToJudge]
  package var samples: [SampleRow]
  package var duplicates: [StoredFrame]
  package var rejects: [RejectRow]

  package init(
    ledgerID: Int32, modelID: Int32, judged: [RejectToJudge], samples: [SampleRow] = [],
    duplicates: [StoredFrame] = [], rejects: [RejectRow] = []
  ) {
    (self.ledgerID, self.modelID, self.judged) = (ledgerID, modelID, judged)
    (self.samples, self.duplicates, self.rejects) = (samples, duplicates, rejects)
  }
}

/// What became of a retried batch; the four add up to its rejects.
package struct RetryResult: Sendable, Equatable {
  package let samples: Int64
  package let duplicates: Int64
  /// Rejected again, with the verdict of now.
  package let rejects: Int64
  /// Judged by somebody else meanwhile, or a duplicate of a sample that has gone again: left as they are.
  package let untouched: Int64
}

extension IngestRepository {
  /// Up to `limit` rejects of a log behind an offset, in its order; of these codes, or of all.
  package func rejects(
    ledgerID: Int32, codes: [RejectCode]?, after: Int64, limit: Int
  ) async throws(PostgresError) -> [RejectToJudge] {
    try await connection.query(
      "SELECT * FROM lectern.rejects_to_judge($1, $2::text[], $3, $4)",
      [
        .int4(ledgerID), codes.map { .texts($0.map(\.rawValue)) } ?? .null, .int8(after),
        .int4(Int32(clamping: limit)),
      ]
    ).map(RejectToJudge.init)
  }

  /// Replaces rejects by new verdicts, all or nothing, and moves the ledger's counters with them.
  package func retry(_ batch: RetryBatch) async throws(PostgresError) -> RetryResult {
    let row = try await connection.query(
      """
      SELECT samples, duplicates, rejects, untouched
      FROM lectern.retry_rejects(\(PostgresParameter.placeholders(25 + Emotion.count)))
      """,
      [
        .int4(batch.ledgerID), .int4(batch.modelID), .int8s(batch.judged.map(\.offset)),
        .timestamps(batch.judged.map(\.rejectedAt)),
      ] + StoreStatement.sampleParameters(batch.samples) + [
        .int8s(batch.duplicates.map(\.offset)), .texts(batch.duplicates.map(\.source.text)),
        .texts(batch.duplicates.map(\.sessionID.text)), .int4s(batch.duplicates.map(\.sequence)),
        .timestamps(batch.duplicates.map(\.capturedAt)), .int8s(batch.rejects.map(\.offset)),
        .texts(batch.rejects.map(\.code.rawValue)), .texts(batch.rejects.map(\.detail)),
      ]
    ).single()
    return RetryResult(
      samples: try row.decode("samples"), duplicates: try row.decode("duplicates"),
      rejects: try row.decode("rejects"), untouched: try row.decode("untouched"))
  }
}

extension RejectToJudge {
  init(_ row: PostgresRow) throws(PostgresError) {
    offset = try row.decode("log_offset")
    code = try RejectCode(row)
    recordTimestamp = try row.decodeIfPresent("record_timestamp")
    rejectedAt = try row.decode("rejected_at")
  }
}

extension RejectCode {
  init(_ row: PostgresRow) throws(PostgresError) {
    let text: String = try row.decode("code")
    guard let code = RejectCode(rawValue: text) else {
      throw PostgresError(code: .decoding, message: "unknown reject code", operation: "reading rejects")
    }
    self = code
  }
}
