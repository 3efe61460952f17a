import LearningEvents
import PostgresIO
import Testing

/// Values in PostgreSQL's binary form, written and read without a server.
@Suite struct ValueTests {
  private static let learner = LearnerPseudonym(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210)

  /// What a column of that type and these bytes is read as.
  private func read<Value: PostgresDecodable>(_ parameter: PostgresParameter, as type: Value.Type) -> Value? {
    parameter.bytes?.withUnsafeBytes { Value(postgres: $0, type: parameter.type) }
  }

  private func read<Value: PostgresDecodable>(_ bytes: [UInt8], _ oid: UInt32, as type: Value.Type) -> Value? {
    bytes.withUnsafeBytes { Value(postgres: $0, type: oid) }
  }

  @Test func aValueIsReadAsItWasBound() {
    #expect(read(.bool(true), as: Bool.self) == true && read(.bool(false), as: Bool.self) == false)
    #expect(read(.int2(-2), as: Int16.self) == -2)
    #expect(read(.int4(.min), as: Int32.self) == .min)
    #expect(read(.int8(.max), as: Int64.self) == .max)
    #expect(read(.double(-0.1), as: Double.self) == -0.1)
    #expect(read(.text("é€"), as: String.self) == "é€")
    #expect(read(.bytes([0, 255]), as: [UInt8].self) == [0, 255])
    #expect(read(.uuid(Self.learner), as: LearnerPseudonym.self) == Self.learner)
    let time = EventTime(microseconds: 1_795_424_400_000_001)
    #expect(read(.timestamp(time), as: EventTime.self) == time)
    #expect(read(.date(time.day), as: CalendarDay.self) == time.day)
    #expect(read(.id(SessionID("s")), as: SessionID.self) == "s")
  }

  @Test func anArrayIsReadAsItWasBound() {
    #expect(read(.bools([true, false]), as: [Bool].self) == [true, false])
    #expect(read(.int2s([1, -1]), as: [Int16].self) == [1, -1])
    #expect(read(.int4s([1, -1]), as: [Int32].self) == [1, -1])
    #expect(read(.int8s([]), as: [Int64].self) == [])
    #expect(read(.texts(["", "b"]), as: [String].self) == ["", "b"])
    #expect(read(.uuids([Self.learner]), as: [LearnerPseudonym].self) == [Self.learner])
    #expect(read(.optionalInt8s([7]), as: [Int64].self) == [7])
    #expect(read(.optionalInt8s([7, nil]), as: [Int64].self) == nil)
  }

  /// One dimension, whether there are nulls, the element's type, the length, the lower bound; then lengths and values.
  @Test func arraysHaveTheServersForm() {
    #expect(
      PostgresParameter.optionalInt4s([258, nil]).bytes == [
        0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 23, 0, 0, 0, 2, 0, 0, 0, 1,
        0, 0, 0, 4, 0, 0, 1, 2, 255, 255, 255, 255,
      ])
    #expect(
      PostgresParameter.optionalTexts([nil, "ab"]).bytes == [
        0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 25, 0, 0, 0, 2, 0, 0, 0, 1,
        255, 255, 255, 255, 0, 0, 0, 2, 97, 98,
      ])
    #expect(PostgresParameter.dates([]).bytes == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 58])
    #expect(PostgresParameter.int4s([1]).bytes?[4..<8] == [0, 0, 0, 0])
    #expect(PostgresParameter.uuid(Self.learner).bytes?.prefix(3) == [0x01, 0x23, 0x45])
  }

  @Test func anIntegerIsReadFromAnyColumnItFits() {
    #expect(read(.int2(5), as: Int64.self) == 5 && read(.int8(5), as: Int16.self) == 5)
    #expect(read(.int8(70_000), as: Int16.self) == nil)
    #expect(read(.text("5"), as: Int64.self) == nil)
    #expect(read([0, 5], 20, as: Int64.self) == nil)
  }

  @Test func aTimeOrDayWithoutEndIsNoValue() {
    let (infinity, day): ([UInt8], [UInt8]) = ([127] + Array(repeating: 255, count: 7), [127, 255, 255, 255])
    #expect(read(infinity, 1184, as: EventTime.self) == nil)
    #expect(read([128, 0, 0, 0, 0, 0, 0, 0], 1184, as: EventTime.self) == nil)
    #expect(read(day, 1082, as: CalendarDay.self) == nil)
    #expect(read([128, 0, 0, 0], 1082, as: CalendarDay.self) == nil)
  }

  @Test func whatIsCutShortOrOfAnotherTypeIsNoValue() throws {
    let array = try #require(PostgresParameter.int4s([1, 2]).bytes)
    for count in 12..<array.count { #expect(read(Array(array.prefix(count)), 1007, as: [Int32].self) == nil) }
    #expect(read([1, 2], 1082, as: CalendarDay.self) == nil)
    #expect(read(Array(repeating: 0, count: 16), 25, as: LearnerPseudonym.self) == nil)
    #expect(read([2, 123, 125], 3802, as: String.self) == nil)
    #expect(read([1, 123, 125], 3802, as: String.self) == "{}")
  }
}
