import LearningEvents
import Persistence
import PostgresIO
import Testing

/// How a batch is laid out in the arrays that `lectern.store` takes.
@Suite struct StoreStatementTests {
  private static let learner = LearnerPseudonym(high: 1, low: 2)
  private static let day = CalendarDay(daysSinceEpoch: 20_000)

  private func sample(
    offset: Int64, day: CalendarDay = day, session: Int64 = 1, sequence: Int32 = 0, status: SampleStatus = .classified,
    distribution: [Double]? = [5000, 1000, 1500, 500, 800, 1200], media: Int64? = nil
  ) -> SampleRow {
    SampleRow(
      offset: offset, sessionDay: day, sessionID: session, sequence: sequence, capturedAt: day.start,
      mediaPositionMilliseconds: media, segmentHint: nil, courseID: 7, learner: Self.learner, status: status,
      faceCount: 1, distribution: distribution.flatMap { EmotionDistribution(probabilities: $0) }, quality: 9000)
  }

  private func parameters(
    _ samples: [SampleRow], rejects: [RejectRow] = [], last: RecordMark? = nil
  ) -> [PostgresParameter] {
    StoreStatement.parameters(
      StoreBatch(
        step: LedgerStep(ledgerID: 3, epoch: 4, expectedOffset: 5, nextOffset: 9, skipped: 1, last: last), modelID: 11,
        samples: samples, rejects: rejects, knownDuplicates: 2))
  }

  /// Where the columns of samples begin, and where those of rejects do.
  private static let samplesStart = 12
  private static let rejectsStart = samplesStart + 14 + Emotion.count

  @Test func thereIsAPlaceForEachValue() {
    let count = parameters([]).count
    #expect(count == Self.rejectsStart + 7)
    #expect(StoreStatement.sql.contains("$\(count))") && !StoreStatement.sql.contains("$\(count + 1)"))
  }

  @Test func aKeyThatTheBatchHasTwiceIsTold() {
    let repeats = Self.samplesStart - 1
    #expect(parameters([sample(offset: 5), sample(offset: 6, sequence: 1)])[repeats] == .bool(false))
    #expect(
      parameters([sample(offset: 5), sample(offset: 6, sequence: 1), sample(offset: 7)])[repeats] == .bool(true))
  }

  @Test func eventsGoWithWhatTheBatchHasTwice() {
    var rows = [sample(offset: 6), sample(offset: 5)]
    rows[1].eventID = "e"
    let events = Self.rejectsStart - 1
    #expect(parameters(rows)[events] == .optionalTexts(["e", nil]))
    rows[1].sequence = 1
    #expect(parameters(rows)[events] == .optionalTexts([]))
  }

  @Test func theStepComesFirst() {
    #expect(
      Array(parameters([]).prefix(Self.samplesStart)) == [
        .int4(3), .int8(4), .int8(5), .int8(9), .int8(1), .null, .null, .null, .null, .int8(2), .int4(11),
        .bool(false),
      ])
    let last = RecordMark(offset: 8, timestampMilliseconds: 99, idHash: -1, leaderEpoch: 6)
    #expect(Array(parameters([], last: last)[5..<9]) == [.int8(8), .int8(99), .int8(-1), .int4(6)])
  }

  /// Everybody inserts in key order, so that two workers cannot wait for each other in a circle.
  @Test func samplesGoInTheOrderOfTheirKeysAndThenOfTheirOffsets() {
    let next = Self.day.advanced(by: 1)
    let values = parameters([
      sample(offset: 0, day: next), sample(offset: 1, session: 2), sample(offset: 2, sequence: 5),
      sample(offset: 4, sequence: 3), sample(offset: 3, sequence: 3),
    ])
    #expect(values[Self.samplesStart] == .int8s([3, 4, 2, 1, 0]))
    #expect(values[Self.samplesStart + 1] == .dates([Self.day, Self.day, Self.day, Self.day, next]))
    #expect(values[Self.samplesStart + 2] == .int8s([1, 1, 1, 2, 1]))
    #expect(values[Self.samplesStart + 3] == .int4s([3, 3, 5, 0, 0]))
  }

  @Test func probabilitiesStandInTheOrderOfTheEmotionsBehindTheLabel() {
    let values = parameters([
      sample(offset: 0), sample(offset: 1, sequence: 1, status: .noFace, distribution: nil),
    ])
    let label = Self.samplesStart + 10
    #expect(values[label] == .optionalInt2s([Int16(Emotion.focused.rawValue), nil]))
    let expected: [Int16] = [5000, 1000, 1500, 500, 800, 1200]
    for emotion in Emotion.allCases {
      #expect(values[label + 1 + emotion.rawValue] == .optionalInt2s([expected[emotion.rawValue], nil]))
    }
  }

  @Test func aPositionBeyondTheColumnBecomesItsLargest() {
    let values = parameters([sample(offset: 0, media: 1234), sample(offset: 1, sequence: 1, media: 1 << 40)])
    #expect(values[Self.samplesStart + 11 + Emotion.count] == .optionalInt4s([1234, .max]))
  }

  @Test func rejectsKeepTheirOrder() {
    let time = EventTime(microseconds: 5)
    let values = parameters(
      [],
      rejects: [
        RejectRow(
          offset: 7, code: .noConsent, detail: "b", recordTimestamp: nil,
          reference: EventReference(source: "s", courseID: "c", eventID: "e")),
        RejectRow(offset: 6, code: .badEvent, detail: "a", recordTimestamp: time),
      ])
    #expect(
      Array(values[Self.rejectsStart...]) == [
        .int8s([7, 6]), .texts(["no_consent", "bad_event"]), .texts(["b", "a"]), .optionalTimestamps([nil, time]),
        .optionalTexts(["s", nil]), .optionalTexts(["c", nil]), .optionalTexts(["e", nil]),
      ])
  }
}
