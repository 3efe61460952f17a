import Analytics
import LearningEvents
import Persistence
import PostgresIO
import Testing

/// The lists of columns that write rollups and compare them.
@Suite struct RollupTableTests {
  private static let learner = LearnerPseudonym(high: 0, low: 1)

  private static let row: SessionSumRow = {
    var sum = SegmentSum()
    for emotion in Emotion.allCases { sum.weighted[emotion] = Int64(emotion.rawValue + 1) * 100 }
    (sum.classifiedMilliseconds, sum.expectedMilliseconds, sum.classifiedFrames) = (7, 8, 9)
    return SessionSumRow(
      course: 1, session: 2, day: CalendarDay(daysSinceEpoch: 3), learner: learner, segment: nil, weightsVersion: 1,
      sum: sum)
  }()

  @Test func eachColumnHasAPlaceAndAnArray() {
    let table = RollupTable.sessionSums
    let columns = table.columnList.split(separator: ", ")
    #expect(table.parameters([Self.row]).count == columns.count)
    #expect(table.relation(from: 2).hasPrefix("unnest($2::bigint[], $3::bigint[], $4::date[], $5::uuid[]"))
    #expect(table.relation(from: 2).hasSuffix("$\(columns.count + 1)::bigint[])"))
  }

  @Test func thereIsAColumnForTheSumOfEachEmotion() throws {
    let table = RollupTable.sessionSums
    let columns = table.columnList.split(separator: ", ").map(String.init)
    let values = table.parameters([Self.row])
    for emotion in Emotion.allCases {
      let place = try #require(columns.firstIndex(of: "w_\(emotion.name)"))
      #expect(values[place] == .int8s([Int64(emotion.rawValue + 1) * 100]))
    }
    #expect(values[try #require(columns.firstIndex(of: "expected_ms"))] == .int8s([8]))
    #expect(values[try #require(columns.firstIndex(of: "segment_id"))] == .optionalInt8s([nil]))
    #expect(values[try #require(columns.firstIndex(of: "learner"))] == .uuids([Self.learner]))
  }

  @Test func aMetricThatIsNotPublishedIsNull() throws {
    let table = RollupTable.learnerMetrics
    let columns = table.columnList.split(separator: ", ").map(String.init)
    let values = table.parameters([
      LearnerMetricRow(
        course: 1, segment: 2, learner: Self.learner, weightsVersion: 1,
        metrics: LearnerMetrics(stored: [.coverage: 4000], isPublished: false))
    ])
    #expect(columns.suffix(Metric.allCases.count) == Metric.allCases.map(\.rawValue)[...])
    #expect(values[try #require(columns.firstIndex(of: "coverage"))] == .optionalInt8s([4000]))
    #expect(values[try #require(columns.firstIndex(of: "interest"))] == .optionalInt8s([nil]))
    #expect(values[try #require(columns.firstIndex(of: "published"))] == .bools([false]))
  }

  @Test func differencesAddUp() {
    var sum = RollupDifference(storedOnly: 0, recomputedOnly: 0, compared: 4)
    #expect(sum.isEmpty)
    var other = RollupDifference(storedOnly: 1, recomputedOnly: 2, compared: 3)
    other.courses = [9]
    sum += other
    #expect(!sum.isEmpty && (sum.storedOnly, sum.recomputedOnly, sum.compared) == (1, 2, 7) && sum.courses == [9])
  }
}
