import Ingest
import KafkaIO
import LearningEvents
import Testing

@Suite struct IngestLagTests {
  private let frames: TopicName = "frames"
  private let start = EventTime(microseconds: 1_700_000_000_000_000)

  private func place(_ number: Int32, of topic: TopicName = "frames") -> TopicPartition {
    TopicPartition(topic: topic, partition: number)
  }

  private func after(_ seconds: Int64) -> EventTime { start.advanced(by: .seconds(seconds)) }

  @Test func nothingIsToldBeforeTheFirstLook() {
    let lag = IngestLag()
    #expect(lag.records(of: frames) == nil)
    #expect(lag.seconds(of: frames, at: start) == nil)
  }

  @Test func recordsAddUpAndTheOldestCounts() {
    var lag = IngestLag()
    lag.take(place(0), records: 3, writtenAt: after(0), at: after(10))
    lag.take(place(1), records: 40, writtenAt: after(-5), at: after(10))
    lag.take(place(2), records: 0, writtenAt: nil, at: after(10))
    lag.take(place(0, of: "control"), records: 1, writtenAt: after(-100), at: after(10))
    #expect(lag.records(of: frames) == 43)
    #expect(lag.seconds(of: frames, at: after(10)) == 15)
    #expect(lag.seconds(of: "control", at: after(10)) == 110)
  }

  /// While Kafka or PostgreSQL is away no look succeeds, and the record grows older.
  @Test func ageGrowsBetweenLooks() {
    var lag = IngestLag()
    lag.take(place(0), records: 1, writtenAt: after(0), at: after(1))
    #expect(lag.seconds(of: frames, at: after(601)) == 601)
  }

  @Test func whatIsReadToItsEndHasNoAge() {
    var lag = IngestLag()
    lag.take(place(0), records: 5, writtenAt: after(0), at: after(1))
    lag.take(place(0), records: 0, writtenAt: nil, at: after(2))
    #expect(lag.records(of: frames) == 0)
    #expect(lag.seconds(of: frames, at: after(100)) == 0)
    // A log that ends before its ledger: the partition is parked for that, and nothing waits.
    lag.take(place(0), records: -7, writtenAt: nil, at: after(3))
    #expect(lag.records(of: frames) == 0)
  }

  /// A producer may say anything about when a record was written; it cannot have waited before the log was empty.
  @Test(arguments: [Int64(-1_000_000_000), 0, 1_000_000_000])
  func aTimeThatIsTooOldOrToComeIsBounded(seconds: Int64) throws {
    var lag = IngestLag()
    lag.take(place(0), records: 0, writtenAt: nil, at: after(0))
    lag.take(place(0), records: 1, writtenAt: after(seconds), at: after(30))
    let age = try #require(lag.seconds(of: frames, at: after(30)))
    #expect(age >= 0 && age <= 30)
  }

  /// Of a record whose time nobody knows it counts since when it was seen to wait.
  @Test func aRecordWithoutATimeAgesFromTheFirstLook() {
    var lag = IngestLag()
    lag.take(place(0), records: 2, writtenAt: nil, at: after(0))
    lag.take(place(0), records: 2, writtenAt: nil, at: after(15))
    #expect(lag.seconds(of: frames, at: after(20)) == 20)
  }

  @Test func partitionsThatOthersHoldAreForgotten() {
    var lag = IngestLag()
    lag.take(place(0), records: 3, writtenAt: after(0), at: after(10))
    lag.take(place(1), records: 4, writtenAt: after(0), at: after(10))
    lag.keep([place(1)])
    #expect(lag.records(of: frames) == 4)
    lag.keep([])
    #expect(lag.records(of: frames) == nil)
  }
}
