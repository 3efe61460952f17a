import LearningEvents
package import PostgresIO

/// The call of `lectern.store`: a batch as arrays, one for each column.
package enum StoreStatement {
  package static let sql = """
    SELECT samples, rejects, duplicates, consent_lost, sequence_reused
    FROM lectern.store(\(PostgresParameter.placeholders(27 + Emotion.count)))
    """

  package static func parameters(_ batch: StoreBatch) -> [PostgresParameter] {
    let step = batch.step
    return [
      .int4(step.ledgerID), .int8(step.epoch), .int8(step.expectedOffset), .int8(step.nextOffset), .int8(step.skipped),
      .optional(step.last?.offset), .optional(step.last?.timestampMilliseconds), .optional(step.last?.idHash),
      .int8(batch.knownDuplicates), .int4(batch.modelID),
    ] + sampleParameters(batch.samples) + RejectRow.parameters(batch.rejects)
  }

  /// The columns of samples, in key order.
  static func sampleParameters(_ samples: [SampleRow]) -> [PostgresParameter] {
    let rows = inKeyOrder(samples)
    func probabilities(_ emotion: Emotion) -> PostgresParameter {
      .optionalInt2s(rows.map { $0.distribution?[emotion] })
    }
    return [
      .int8s(rows.map(\.offset)), .dates(rows.map(\.sessionDay)), .int8s(rows.map(\.sessionID)),
      .int4s(rows.map(\.sequence)), .timestamps(rows.map(\.capturedAt)), .int8s(rows.map(\.courseID)),
      .uuids(rows.map(\.learner)), .int2s(rows.map(\.status.rawValue)), .int2s(rows.map(\.faceCount)),
      .int2s(rows.map(\.quality)), .optionalInt2s(rows.map { ($0.distribution?.label.rawValue).map { Int16($0) } }),
    ] + Emotion.allCases.map(probabilities) + [
      .optionalInt4s(rows.map { $0.mediaPositionMilliseconds.map { Int32(clamping: $0) } }),
      .optionalTexts(rows.map { $0.segmentHint?.text }),
    ]
  }

  /// Everybody inserts in key order, so that two workers cannot wait for each other in a circle; of two records with
  /// one key the one of the lower offset wins.
  private static func inKeyOrder(_ samples: [SampleRow]) -> [SampleRow] {
    // Keys are sorted and not rows, which are large and count references.
    let keys = samples.indices.map { index in
      let row = samples[index]
      return Key(
        day: row.sessionDay.daysSinceEpoch, session: row.sessionID, sequence: row.sequence, offset: row.offset,
        index: index)
    }
    return keys.sorted().map { samples[$0.index] }
  }

  private struct Key: Comparable {
    let day: Int32
    let session: Int64
    let sequence: Int32
    let offset: Int64
    let index: Int

    static func < (a: Key, b: Key) -> Bool {
      if a.day != b.day { return a.day < b.day }
      if a.session != b.session { return a.session < b.session }
      if a.sequence != b.sequence { return a.sequence < b.sequence }
      return a.offset < b.offset
    }
  }
}
