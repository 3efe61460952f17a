import LearningEvents
package import PostgresIO

/// The call of `lectern.store`: a batch as arrays, one for each column.
package enum StoreStatement {
  package static let sql = """
    SELECT samples, rejects, duplicates, consent_lost, sequence_reused
    FROM lectern.store(\(PostgresParameter.placeholders(33 + Emotion.count)))
    """

  package static func parameters(_ batch: StoreBatch) -> [PostgresParameter] {
    let samples = inKeyOrder(batch.samples)
    let hasRepeats = zip(samples, samples.dropFirst()).contains { $0.isRepeated(by: $1) }
    return LedgerStep.parameters(batch.step)
      + [.int8(batch.knownDuplicates), .int4(batch.modelID), .bool(hasRepeats)]
      + sampleParameters(ordered: samples)
      // Needed for what a batch has twice: everything else was judged before, with its event at hand.
      + [.optionalTexts(hasRepeats ? samples.map { $0.eventID?.text } : [])] + RejectRow.parameters(batch.rejects)
  }

  /// The columns of samples, in key order.
  static func sampleParameters(_ samples: [SampleRow]) -> [PostgresParameter] {
    sampleParameters(ordered: inKeyOrder(samples))
  }

  private static func sampleParameters(ordered rows: [SampleRow]) -> [PostgresParameter] {
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
      return (key: (row.sessionDay.daysSinceEpoch, row.sessionID, row.sequence, row.offset), index: index)
    }
    return keys.sorted { $0.key < $1.key }.map { samples[$0.index] }
  }
}

extension SampleRow {
  /// Whether both have one key.
  fileprivate func isRepeated(by other: SampleRow) -> Bool {
    (sessionDay, sessionID, sequence) == (other.sessionDay, other.sessionID, other.sequence)
  }
}
